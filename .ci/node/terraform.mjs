// Checks Terraform files against the provider's schema, without Terraform: `node terraform.mjs FOLDER`.
// HashiCorp's own parser reads the files; the typings of cdktf's provider contain the schema.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "@cdktf/hcl2json";

const TYPINGS = new URL("./node_modules/@cdktf/provider-google/lib/", import.meta.url);
// What Terraform itself understands in every resource.
const META = new Set([
  "count", "depends_on", "dynamic", "for_each", "lifecycle", "provider", "provisioner", "connection",
]);
const schemas = new Map();

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** Interface → argument → {isRequired, block: the interface of a nested block, if it is one}. */
async function readSchema(kind, type) {
  const folder = type.replace(/^google_/, "").replaceAll("_", "-");
  const name = `${kind === "data" ? "data-google-" : ""}${folder}`;
  if (!schemas.has(name)) {
    const schema = new Map();
    for (const file of ["index.d.ts", "index-structs/structs0.d.ts"]) {
      const text = await readFile(new URL(`${name}/${file}`, TYPINGS), "utf8").catch(() => "");
      for (const [, interfaceName, body] of text.matchAll(/^export interface (\w+)[^{]*\{$(.*?)^\}/gms)) {
        const fields = [...body.matchAll(/^ {4}readonly (\w+)(\??): (\w+|\{)/gm)];
        schema.set(interfaceName, new Map(fields.map(([, field, optional, of]) => [
          field, { isRequired: !optional, block: of },
        ])));
      }
    }
    schemas.set(name, schema);
  }
  const schema = schemas.get(name);
  const root = [...schema.keys()].find((key) => key.endsWith("Config") && schema.get(key).size);
  return { schema, root };
}

/** The faults of one block and of the blocks inside it. */
function* faults(body, of, schema, where) {
  const fields = schema.get(of);
  const dynamic = Object.fromEntries(
    Object.entries(body.dynamic ?? {}).map(([name, blocks]) => [name, blocks.flatMap((block) => block.content)]),
  );
  const given = { ...body, ...dynamic };
  for (const [name, value] of Object.entries(given)) {
    if (META.has(name)) continue;
    const field = fields.get(camel(name));
    if (!field) {
      yield `${where}: no argument or block ${name}`;
    } else if (schema.has(field.block) && Array.isArray(value)) {
      for (const block of value) yield* faults(block, field.block, schema, `${where}.${name}`);
    }
  }
  for (const [name, { isRequired }] of fields) {
    const isGiven = Object.keys(given).some((key) => camel(key) === name);
    if (isRequired && !isGiven) yield `${where}: ${name} is missing`;
  }
}

async function check(folder) {
  const found = [];
  let blocks = 0;
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".tf")).sort()) {
    const tree = await parse(file, await readFile(path.join(folder, file), "utf8"));
    for (const [key, kind] of [["resource", "resource"], ["data", "data"]]) {
      for (const [type, named] of Object.entries(tree[key] ?? {})) {
        const { schema, root } = await readSchema(kind, type);
        for (const [name, bodies] of Object.entries(named)) {
          const where = `${file}: ${type}.${name}`;
          blocks += 1;
          if (!root) found.push(`${where}: the provider has no ${kind} ${type}`);
          else for (const body of bodies) found.push(...faults(body, root, schema, where));
        }
      }
    }
  }
  return { found, blocks };
}

const { found, blocks } = await check(process.argv[2]);
found.forEach((fault) => console.error(fault));
if (!blocks) console.error(`${process.argv[2]}: no resource`);
process.exitCode = found.length || !blocks ? 1 : 0;
