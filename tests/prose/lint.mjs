// Lints texts with textlint. Reads a JSON array of documents from stdin, `{name, kind, format, text}`,
// and writes a JSON array of findings: `{name, rule, index, message}`. `index` counts UTF-16 units.
// With `--self-test`, tries the examples of the word lists instead.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { TextlintKernel } from "@textlint/kernel";
import { prose, lists, selfTest } from "./rules.mjs";

const require = createRequire(import.meta.url);
const load = (name) => {
  const module = require(name);
  return module.default ?? module;
};
const plugins = [
  { pluginId: "markdown", plugin: load("@textlint/textlint-plugin-markdown") },
  { pluginId: "text", plugin: load("@textlint/textlint-plugin-text") },
];

// Terms of the default list that are right here: `README` is the file, `API's` a possessive, "are built
// in" a verb, and AWS writes "Base64".
const EXCLUDED = ["readme(s)?", "built ?in(s)?", "API['’]?s", String.raw`(?<=(?:\w+[^.?!])? )base64\b`];

const terms = (...names) => ({ ruleId: "terms", rule: prose.terms, options: { lists: names } });
const review = { ruleId: "review", rule: prose.terms, options: { lists: ["review"] } };
// At most 25 words in documentation; API documentation and setting descriptions are documentation.
const sentences = { ruleId: "sentence-length", rule: prose.sentences, options: { words: 25 } };
const headings = { ruleId: "heading", rule: prose.headings };
const spelling = [
  { ruleId: "spelling", rule: load("textlint-rule-common-misspellings") },
  {
    ruleId: "terminology",
    rule: load("textlint-rule-terminology"),
    options: { exclude: EXCLUDED },
  },
];
const kinds = {
  markdown: [terms("terms", "names"), sentences, headings, ...spelling, review],
  help: [terms("terms", "names"), sentences, ...spelling, review],
  schema: [terms("terms", "names", "settings"), sentences, ...spelling, review],
  doc: [terms("terms", "names"), sentences, headings, ...spelling, review],
  // Comments are Markdown without the rules of documentation.
  comment: [terms("terms"), review],
  string: [terms("terms"), review],
};

async function main() {
  if (process.argv.includes("--self-test")) {
    const failed = selfTest(Object.keys(lists));
    failed.forEach((text) => console.error(text));
    process.exit(failed.length ? 1 : 0);
  }
  const documents = JSON.parse(readFileSync(0, "utf8"));
  const kernel = new TextlintKernel();
  const findings = [];
  for (const { name, kind, format, text } of documents) {
    const result = await kernel.lintText(text, {
      ext: format === "markdown" ? ".md" : ".txt",
      plugins,
      rules: kinds[kind],
    });
    for (const { ruleId, range, message } of result.messages) {
      findings.push({ name, rule: ruleId, index: range[0], message });
    }
  }
  process.stdout.write(JSON.stringify(findings));
}

await main();
