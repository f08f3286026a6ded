// Builds the files for browsers and writes assets.json, which tells the server their names.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import binaryen from "binaryen";
import { build } from "esbuild";

import { shortenImports } from "./imports.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const cache = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME, ".cache"), "denshimon");
const site = process.env.DENSHIMON_ASSETS_DIR ?? join(cache, "site");
const target = process.env.CARGO_TARGET_DIR ?? join(cache, "target");

const INPUTS = ["Cargo.lock", "Cargo.toml", "app", "frontend", "model", "style", "public", "script/assets/build.mjs", "script/assets/imports.mjs", "script/assets/package-lock.json"];

/** What a browser downloads to wake a page up, at most; compressed, in bytes. */
const CODE_LIMIT = 400_000;

function* files(path) {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) yield* files(join(path, name));
  } else {
    yield path;
  }
}

function inputsHash() {
  const hash = createHash("sha256");
  for (const input of INPUTS) {
    for (const file of files(join(root, input))) hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function run(what, command, args) {
  const began = Date.now();
  execFileSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  console.log(`  ${what}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

/** Puts a file under its hashed name, with its compressed forms beside it, and returns the name. */
function publish(folder, stem, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const name = `${stem}-${hash}.${extension}`;
  writeFileSync(join(folder, name), content);
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
  writeFileSync(join(folder, `${name}.br`), brotli);
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  console.log(`  ${name}: ${(content.length / 1000).toFixed(0)} kB, ${(brotli.length / 1000).toFixed(1)} kB in brotli`);
  return { name, size: brotli.length };
}

function wasmBindgen() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const version = lock.match(/name = "wasm-bindgen"\nversion = "([^"]+)"/)?.[1];
  if (!version) throw new Error("Cargo.lock names no wasm-bindgen");
  return join(cache, "tools", `wasm-bindgen-${version}`, "bin", "wasm-bindgen");
}

/** The futures that hydrate a page piece by piece, and what makes one of a view; their inner closures may be shared. */
const UNUSED = /^(?!core::).*::hydrate_async(?:::\{\{closure\}\})?::h[0-9a-f]{16}$/;

/**
 * Empties the functions that hydrate a page piece by piece. Each view keeps one in its table, so no linker can see that
 * a page is always hydrated at once.
 */
function prune(wasm) {
  const module = binaryen.readBinary(wasm);
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const reference = module.getFunctionByIndex(index);
    const { name, module: imported } = binaryen.getFunctionInfo(reference);
    if (!imported && UNUSED.test(name)) binaryen.Function.setBody(reference, module.unreachable());
  }
  const pruned = module.emitBinary();
  module.dispose();
  return pruned;
}

async function bundle(entry, options) {
  const result = await build({ entryPoints: [entry], absWorkingDir: root, bundle: true, minify: true, write: false, legalComments: "none", logLevel: "warning", ...options });
  return Buffer.from(result.outputFiles[0].contents);
}

async function main() {
  const wanted = inputsHash();
  const stamp = join(site, "inputs");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(join(site, "assets.json"))) {
    console.log("  nothing has changed");
    return;
  }
  run("wasm", "cargo", ["build", "--quiet", "-p", "frontend", "--target", "wasm32-unknown-unknown", "--profile", "wasm-release"]);
  mkdirSync(dirname(site), { recursive: true });
  const work = mkdtempSync(join(dirname(site), "site-new-"));
  try {
    const glue = join(work, "glue");
    run("bindings", wasmBindgen(), ["--target", "web", "--no-typescript", "--keep-debug", "--out-dir", glue, "--out-name", "denshimon", join(target, "wasm32-unknown-unknown/wasm-release/frontend.wasm")]);
    const raw = join(glue, "denshimon_bg.wasm");
    const small = join(cache, "tools", `optimised-${createHash("sha256").update(readFileSync(raw)).update(prune.toString() + UNUSED + " twice").digest("hex").slice(0, 16)}.wasm`);
    if (!existsSync(small)) {
      const pruned = join(glue, "pruned.wasm");
      writeFileSync(pruned, prune(readFileSync(raw)));
      const features = ["bulk-memory", "mutable-globals", "nontrapping-float-to-int", "sign-ext", "reference-types", "multivalue"];
      // Twice: without names, more functions turn out to be the same.
      run("wasm-opt", process.execPath, [join(here, "node_modules/binaryen/bin/wasm-opt"), "-Oz", ...features.map((name) => `--enable-${name}`), "--strip-debug", "--strip-producers", "-Oz", pruned, "-o", `${small}.new`]);
      for (const name of readdirSync(dirname(small))) if (/^optimised-.*\.wasm$/.test(name)) rmSync(join(dirname(small), name));
      renameSync(`${small}.new`, small);
    }

    const assets = join(work, "assets");
    mkdirSync(assets);
    const [module, bindings] = shortenImports(readFileSync(small), readFileSync(join(glue, "denshimon.js"), "utf8"));
    writeFileSync(join(glue, "denshimon.js"), bindings);
    const wasm = publish(assets, "denshimon", "wasm", module);
    const script = publish(assets, "denshimon", "js", await bundle(join(glue, "denshimon.js"), { format: "esm", target: "es2022" }));
    // boot.js reads the names of the two from the page.
    const boot = publish(assets, "boot", "js", await bundle("frontend/boot.js", { format: "esm", target: "es2022" }));
    const style = publish(assets, "denshimon", "css", await bundle("style/main.css", { target: "es2022", external: ["/assets/*"] }));
    const code = wasm.size + script.size + boot.size;
    if (code > CODE_LIMIT) throw new Error(`script and wasm are ${code} bytes in brotli; ${CODE_LIMIT} are allowed`);
    if (existsSync(join(root, "public"))) cpSync(join(root, "public"), join(work, "public"), { recursive: true });
    rmSync(glue, { recursive: true });
    writeFileSync(join(work, "assets.json"), JSON.stringify({ boot: boot.name, script: script.name, style: style.name, wasm: wasm.name }, null, 2));
    writeFileSync(join(work, "inputs"), wanted);
    rmSync(site, { recursive: true, force: true });
    renameSync(work, site);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

await main();
