// Makes a world smaller while it stays interesting.

import { USUAL_TRUST } from "./generate.mjs";
import { Text } from "./text.mjs";

const clone = (value) => {
  if (value instanceof Text) return value;
  if (Array.isArray(value)) return value.map(clone);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clone(item)]));
  return value;
};

/** The smallest world found for which `interesting` holds. */
export async function shrink(world, interesting) {
  let best = clone(world);
  for (let progress = true; progress; ) {
    progress = false;
    for (const candidate of candidates(best)) {
      if (await interesting(candidate)) {
        best = candidate;
        progress = true;
        break;
      }
    }
  }
  return best;
}

function* candidates(world) {
  const changed = (edit) => {
    const copy = clone(world);
    edit(copy);
    return copy;
  };
  for (let index = 0; index < world.identity.length; index++) yield changed((it) => it.identity.splice(index, 1));
  if (world.boundary) yield changed((it) => { it.boundary = null; });
  for (const [service, policy] of Object.entries(world.endpoints)) {
    if (policy) yield changed((it) => { it.endpoints[service] = null; });
  }
  if (JSON.stringify(world.trust) !== JSON.stringify(USUAL_TRUST)) yield changed((it) => { it.trust = USUAL_TRUST; });
  if (Object.keys(world.role).length > 1 || Object.keys(world.role.tags).length) yield changed((it) => { it.role = { tags: {} }; });
  if (world.address) yield changed((it) => { it.address = null; });
  if (!world.account) yield changed((it) => { it.account = true; });
  for (let index = 0; index < world.identity.length; index++) {
    const policy = world.identity[index];
    if (policy.document) yield changed((it) => { it.identity[index] = { form: "aws", name: "AmazonSSMManagedInstanceCore" }; });
  }
  for (const find of documents(world)) {
    const document = find(world);
    if (document.Version !== "2012-10-17") yield changed((it) => { find(it).Version = "2012-10-17"; });
    const statements = [document.Statement].flat();
    for (let index = 0; index < statements.length; index++) {
      const set = (edit) => changed((it) => {
        const all = [find(it).Statement].flat();
        edit(all, all[index]);
        find(it).Statement = all;
      });
      if (statements.length > 1) yield set((all) => all.splice(index, 1));
      const statement = statements[index];
      if (statement.Sid) yield set((all, one) => { delete one.Sid; });
      if (statement.Condition) {
        yield set((all, one) => { delete one.Condition; });
        const pairs = Object.entries(statement.Condition).flatMap(([operator, keys]) => Object.keys(keys).map((key) => [operator, key]));
        for (const [operator, key] of pairs) {
          if (pairs.length > 1) {
            yield set((all, one) => {
              delete one.Condition[operator][key];
              if (!Object.keys(one.Condition[operator]).length) delete one.Condition[operator];
            });
          }
          const values = statement.Condition[operator][key];
          if (Array.isArray(values) && values.length > 1) {
            for (let at = 0; at < values.length; at++) yield set((all, one) => { one.Condition[operator][key].splice(at, 1); });
          }
        }
      }
      if (statement.NotAction) yield set((all, one) => { delete one.NotAction; one.Action = "*"; });
      if (statement.Action && statement.Action !== "*" && document !== world.trust) yield set((all, one) => { one.Action = "*"; });
      if (statement.Resource && statement.Resource !== "*") yield set((all, one) => { one.Resource = "*"; });
      if (statement.NotResource) yield set((all, one) => { delete one.NotResource; one.Resource = "*"; });
      if (statement.Principal && statement.Principal !== "*" && !statement.Principal.Service) yield set((all, one) => { one.Principal = "*"; });
    }
  }
}

function documents(world) {
  const finds = [(it) => it.trust];
  world.identity.forEach((policy, index) => {
    if (policy.document) finds.push((it) => it.identity[index].document);
  });
  if (world.boundary?.document) finds.push((it) => it.boundary.document);
  for (const service of Object.keys(world.endpoints)) {
    if (world.endpoints[service]) finds.push((it) => it.endpoints[service]);
  }
  return finds;
}

/** What the policies of a world use, as a name for its kind. */
export function kind(world) {
  const parts = new Set();
  for (const find of documents(world)) {
    if (find(world) === world.trust && JSON.stringify(world.trust) === JSON.stringify(USUAL_TRUST)) continue;
    for (const statement of [find(world).Statement].flat()) {
      for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
        for (const [key, values] of Object.entries(keys)) {
          parts.add(`${operator} ${key.toLowerCase()}`);
          if (JSON.stringify(values).includes("${")) parts.add("policy variable");
        }
      }
      if (statement.NotPrincipal) parts.add("NotPrincipal");
      if (statement.Principal && statement.Principal !== "*" && world.trust !== find(world)) parts.add(`Principal ${Object.keys(statement.Principal)}`);
      if (statement.NotAction) parts.add("NotAction");
      for (const element of ["Resource", "NotResource"]) {
        const value = statement[element];
        if (value && JSON.stringify([value].flat()) !== '["*"]') parts.add(`${element} of an ARN`);
      }
    }
    if (find(world).Version !== "2012-10-17") parts.add("old version");
  }
  if (world.boundary) parts.add("boundary");
  if (!world.account) parts.add("no account");
  return [...parts].sort().join(", ") || "plain policies";
}


/** The condition keys that the policies of a world use, or else its kind. */
export function keys(world) {
  const found = [...kind(world).matchAll(/[a-z0-9]+:[a-z0-9]+(?=[/,]|$)/gi)].map(([key]) => key);
  return [...new Set(found)].sort().join(", ") || kind(world);
}
