// Starts the real program against the shared sandbox, with a data directory and a Gitea repository of its own.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { createRemote, type Remote } from "./remote.ts";

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "denshimon");
const binaries = join(process.env.CARGO_TARGET_DIR ?? join(cache, "target"), "debug");

export interface Program {
  url: string;
  /** Opens the page that makes the first account; works once. */
  setupLink: string;
  /** Everything the program has printed. */
  log(): string;
  kubectl(...args: string[]): string;
  /** Runs kubectl with a document on standard input. */
  apply(document: string, ...args: string[]): string;
  /** Runs `kubectl edit` with a sed script as the editor. */
  edit(script: string, ...args: string[]): string;
  /** What `git` says in a fresh clone of the remote without files. */
  git(...args: string[]): string;
  /** The repository that it pushes to. */
  remote: Remote;
  /** Ends it, lets something happen, and starts it again with the same data at the same address. */
  restart(meanwhile?: () => void): Promise<void>;
  stop(): Promise<void>;
}

/** Returns the shared sandbox's settings, and starts it when it does not run. */
function sandboxSettings(): Record<string, string> {
  const lines = execFileSync(join(binaries, "sandbox"), ["env"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const settings: Record<string, string> = {};
  for (const [, name, value] of lines.matchAll(/^(?:export )?([A-Z_]+)=["']?(.*?)["']?$/gm)) settings[name!] = value!;
  return settings;
}

export async function startProgram(extra: Record<string, string> = {}): Promise<Program> {
  const settings = sandboxSettings();
  const data = mkdtempSync(join(tmpdir(), "denshimon-end2end-"));
  const remote = await createRemote(settings, join(data, "clone"));
  let output = "";
  let child!: ChildProcess;
  const start = (listen: string, ready: RegExp) => {
    const begin = output.length;
    child = spawn(join(binaries, "denshimon"), [], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: data,
        KUBECONFIG: settings.KUBECONFIG,
        DENSHIMON_LISTEN: listen,
        DENSHIMON_DATA_DIR: join(data, "data"),
        DENSHIMON_CLUSTER_NAME: "sandbox",
        DENSHIMON_COMMIT_WINDOW: "0s",
        DENSHIMON_ASSETS_DIR: process.env.DENSHIMON_ASSETS_DIR ?? join(cache, "site"),
        DENSHIMON_REPOSITORY_URL: remote.url,
        DENSHIMON_REPOSITORY_USERNAME: settings.DENSHIMON_REPOSITORY_USERNAME,
        DENSHIMON_REPOSITORY_TOKEN: settings.DENSHIMON_REPOSITORY_TOKEN,
        ...extra,
      },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => (output += text.toString()));
    return printed(child, () => output.slice(begin), ready);
  };
  const end = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  };
  const setupLink = await start("127.0.0.1:0", /(https?:\/\/\S+\/setup\?token=\S+)/);
  const { origin: url, host } = new URL(setupLink);
  const environment = { ...process.env, KUBECONFIG: settings.KUBECONFIG };
  const kubectl = settings.DENSHIMON_KUBECTL ?? "kubectl";
  return {
    url,
    setupLink,
    remote,
    log: () => output,
    kubectl: (...args) => execFileSync(kubectl, args, { encoding: "utf8", env: environment }),
    apply: (document, ...args) =>
      execFileSync(kubectl, ["apply", "-f", "-", ...args], { encoding: "utf8", env: environment, input: document }),
    edit: (script, ...args) =>
      execFileSync(kubectl, ["edit", ...args], { encoding: "utf8", env: { ...environment, KUBE_EDITOR: `sed -i ${script}` } }),
    git: remote.git,
    restart: async (meanwhile = () => {}) => {
      await end();
      meanwhile();
      await start(host, /Denshimon listens on (\S+)/);
    },
    stop: async () => {
      await end();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Waits until the program has printed what is looked for. */
function printed(child: ChildProcess, output: () => string, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`not printed in 60 s: ${pattern}\n${output()}`)), 60_000);
    const look = () => {
      const found = output().match(pattern);
      if (!found) return;
      clearTimeout(deadline);
      resolve(found[1]!);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("exit", (code) => {
      clearTimeout(deadline);
      reject(new Error(`the program ended with ${code}\n${output()}`));
    });
  });
}
