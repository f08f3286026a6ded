// Starts the page's WebAssembly. A file of its own, so that no inline script is needed.
const { dataset } = document.getElementById("boot");
const { default: start, hydrate } = await import(dataset.script);
await start({ module_or_path: dataset.wasm });
hydrate();
