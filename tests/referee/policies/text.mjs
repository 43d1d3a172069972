// Strings with parts that are known only after deployment, such as the ID of the VPC.

export class Name {
  constructor(name) {
    this.name = name;
  }
}

export class Text {
  constructor(parts) {
    this.parts = parts;
  }
}

export const PARTITION = new Name("AWS::Partition");
export const REGION = new Name("AWS::Region");
export const ACCOUNT = new Name("AWS::AccountId");
export const name = (it) => new Text([new Name(it)]);

/** A template literal whose holes are names or strings. */
export function t(strings, ...holes) {
  const parts = [];
  for (const part of strings.flatMap((string, index) => [string, holes[index] ?? ""])) {
    if (part instanceof Name || typeof parts.at(-1) !== "string") parts.push(part);
    else parts.push(parts.pop() + part);
  }
  return new Text(parts.filter((part) => part !== ""));
}

/** The value with a string for each `Text`. */
export function resolve(value, names) {
  if (value instanceof Text) {
    return value.parts.map((part) => (part instanceof Name ? names[part.name] : part)).join("");
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, names));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, names)]));
  }
  return value;
}
