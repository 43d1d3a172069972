// The rules of textlint that are this project's: word lists in the format of prh, the length of
// sentences, and the case of headings.
//
// `textlint-rule-prh` reads each run of plain text alone, so it sees neither a phrase over a line
// break nor one next to inline code, and skips links and emphasis. The rule here uses prh's engine on
// whole paragraphs.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { split } from "sentence-splitter";

const prh = createRequire(import.meta.url)("prh");
const read = (name) => {
  const path = new URL(`${name}.yml`, import.meta.url).pathname;
  return prh.fromYAML(path, readFileSync(path, "utf8"));
};
export const lists = Object.fromEntries(
  ["terms", "names", "settings", "review"].map((name) => [name, read(name)]),
);

// The text of a node with one space between words, `_` for code, and for each character its index in
// the source.
function flatten(node) {
  let text = "";
  const at = [];
  const add = (value, start, step = 1) => {
    for (let i = 0; i < value.length; i += 1) {
      let char = value[i];
      if (/\s/.test(char)) {
        if (text === "" || text.endsWith(" ")) continue;
        char = " ";
      }
      text += char;
      at.push(start + i * step);
    }
  };
  const visit = (child) => {
    const start = child.range[0];
    switch (child.type) {
      case "Str": {
        // A continued line starts with the marks of its list or block quote.
        const plain = child.raw.replace(/\n[ \t>]*/g, (all) => " ".repeat(all.length));
        let last = 0;
        for (const url of plain.matchAll(/https?:\/\/[^\s<>)"]+/g)) {
          add(plain.slice(last, url.index), start + last);
          add("_", start + url.index);
          last = url.index + url[0].length;
        }
        add(plain.slice(last), start + last);
        break;
      }
      case "Code":
      case "Image":
        add("_", start, 0);
        break;
      case "Break":
        add(" ", start);
        break;
      default:
        (child.children ?? []).forEach(visit);
    }
  };
  visit(node);
  at.push(node.range[1]);
  return { text, at };
}

// A rule that gets each block of prose: paragraph, heading, table cell.
function blocks(types, check) {
  return (context, options) => {
    const { Syntax, RuleError, report } = context;
    const handlers = {};
    const seen = new Set();
    for (const type of types) {
      handlers[Syntax[type] ?? type] = (node) => {
        if (seen.has(node.range[0])) return;
        seen.add(node.range[0]);
        const { text, at } = flatten(node);
        const start = node.range[0];
        const found = (index, message) =>
          report(node, new RuleError(message, { index: at[index] - start }));
        check({ text, options, found, node });
      };
    }
    return handlers;
  };
}

export const prose = {
  terms: blocks(["Header", "TableCell", "Paragraph"], ({ text, options, found }) => {
    for (const name of options.lists) {
      for (const diff of lists[name].makeChangeSet("", text).diffs) {
        // A space or a period before a word may belong to the match.
        const shift = diff.matches[0].search(/[^\s.,;:]/);
        const word = diff.matches[0].slice(Math.max(shift, 0)).replace(/_+/g, "_");
        found(diff.index + Math.max(shift, 0), `"${word}" (use: ${diff.expected})`);
      }
    }
  }),

  sentences: blocks(["Paragraph"], ({ text, options, found }) => {
    for (const sentence of split(text).filter(({ type }) => type === "Sentence")) {
      // A part after a colon or semicolon is not a sentence: the whole is counted.
      const words = sentence.raw.split(/\s+/).filter((word) => /[\p{L}\p{N}_]/u.test(word));
      if (words.length > options.words) {
        const lead = sentence.raw.search(/\S/);
        found(
          sentence.range[0] + Math.max(lead, 0),
          `a sentence of ${words.length} words (use: at most ${options.words})`,
        );
      }
    }
  }),

  headings: blocks(["Header"], ({ text, found }) => {
    if (/[.:]$/.test(text)) found(text.length - 1, "punctuation at the end of a heading (use: none)");
    if (/^(what|who|whom|where|which|whether)\b/i.test(text)) {
      found(0, `"${text.split(" ")[0]}" in a heading (use: a noun phrase or an imperative)`);
    }
    let from = 0;
    let rest = text;
    for (const name of PROPER) {
      rest = rest.replaceAll(new RegExp(`(?<![\\w-])${name}(?![\\w-])`, "g"), (all) => "_".repeat(all.length));
    }
    for (const word of rest.matchAll(/[^\s()/"]+/g)) {
      // A word after the first one with a capital and small letters only: `Deploy`, not `IAM`, `EBS`,
      // `GetAtt`.
      const first = from === 0 || /[.:?!] $/.test(rest.slice(0, word.index));
      from = 1;
      if (!first && /^[A-Z][a-z]+[,;]?$/.test(word[0])) {
        found(word.index, `"${word[0]}" in a heading (use: sentence case)`);
      }
    }
  }),
};

// Names with capitals that may be in a heading.
const PROPER = [
  "Availability Zones?", "Auto Scaling", "Session Manager", "Systems Manager", "SSM Agent", "Default Host Management",
  "Local Zones?", "Regions?", "Patch Manager", "Parameter Store", "Identity Center", "Organizations", "Amazon(?: Linux)?",
  "Direct Connect", "Transit Gateway", "Terraform", "Rust", "Python", "Go", "Linux", "Windows", "Ubuntu", "Docker",
  "Markdown", "Mermaid", "Graphviz", "JSON Schema", "JSON Lines", "Unreleased", "Git", "Cargo", "Session Manager plugin",
  "Bash", "Zsh", "Fish", "Guard", "Checkov", "Node", "English", "American",
];

// Tries the `matches` and `allows` of each word rule; returns what fails.
export function selfTest(names) {
  const failed = [];
  for (const name of names) {
    for (const rule of lists[name].rules) {
      const applies = (text) => rule.applyRule(text).length > 0;
      const { matches = [], allows = [] } = rule.raw;
      const label = `${name}.yml: ${rule.expected}`;
      if (!matches.length) failed.push(`${label}: no example`);
      matches.filter((text) => !applies(text)).forEach((text) => failed.push(`${label}: misses: ${text}`));
      allows.filter(applies).forEach((text) => failed.push(`${label}: matches: ${text}`));
    }
  }
  return failed;
}
