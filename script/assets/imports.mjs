// Gives what a module of WebAssembly imports short names: those that wasm-bindgen makes end in hashes, which no
// compression makes smaller, and stand in the module and in the script.

const IMPORTS = 2;

function readNumber(bytes, at) {
  let [value, shift, byte] = [0, 0, 0];
  do {
    byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    shift += 7;
  } while (byte & 128);
  return [value, at];
}

function writeNumber(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}

/** Where the description of an import ends: of a function, a table, a memory or a global. */
function skipDescription(bytes, at) {
  const kind = bytes[at++];
  if (kind === 0) return readNumber(bytes, at)[1];
  if (kind === 3) return at + 2;
  if (kind === 1) at += 1;
  const bounded = bytes[at++] & 1;
  at = readNumber(bytes, at)[1];
  return bounded ? readNumber(bytes, at)[1] : at;
}

/** Returns both with the names of all imports made short; the name of the module that they are from stays. */
export function shortenImports(wasm, script) {
  let at = 8;
  while (at < wasm.length) {
    const begin = at;
    const id = wasm[at++];
    const [length, body] = readNumber(wasm, at);
    at = body + length;
    if (id !== IMPORTS) continue;
    let [count, place] = readNumber(wasm, body);
    const parts = [writeNumber(count)];
    const names = new Map();
    for (let index = 0; index < count; index++) {
      const [moduleLength, module] = readNumber(wasm, place);
      const [nameLength, name] = readNumber(wasm, module + moduleLength);
      const end = skipDescription(wasm, name + nameLength);
      const short = `$${index.toString(36)}`;
      names.set(wasm.subarray(name, name + nameLength).toString(), short);
      parts.push(wasm.subarray(place, module + moduleLength), writeNumber(short.length), Buffer.from(short), wasm.subarray(name + nameLength, end));
      place = end;
    }
    const section = Buffer.concat(parts);
    const shortened = script.replace(/\b__wb[a-z]+_\w+/g, (name) => names.get(name) ?? name);
    return [Buffer.concat([wasm.subarray(0, begin), Buffer.from([IMPORTS]), writeNumber(section.length), section, wasm.subarray(at)]), shortened];
  }
  return [wasm, script];
}
