// Starts the real program against the shared sandbox, with a data directory and a Gitea repository of its own.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

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
  /** A fresh clone of the remote, and what `git` says in it. */
  git(...args: string[]): string;
  stop(): Promise<void>;
}

/** Returns the shared sandbox's settings, and starts it when it does not run. */
function sandboxSettings(): Record<string, string> {
  const lines = execFileSync(join(binaries, "sandbox"), ["env"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const settings: Record<string, string> = {};
  for (const [, name, value] of lines.matchAll(/^(?:export )?([A-Z_]+)=["']?(.*?)["']?$/gm)) settings[name!] = value!;
  return settings;
}

/** Makes an empty repository in Gitea and returns its address. */
async function createRepository(settings: Record<string, string>): Promise<string> {
  const name = `base-infrastructure-${process.pid}-${Date.now().toString(36)}`;
  const answer = await fetch(`${settings.DENSHIMON_GITEA_URL}/api/v1/user/repos`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `token ${settings.DENSHIMON_GITEA_TOKEN}` },
    body: JSON.stringify({ name, private: true, default_branch: "main" }),
  });
  if (!answer.ok) throw new Error(`Gitea made no repository: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { clone_url: string }).clone_url;
}

export async function startProgram(extra: Record<string, string> = {}): Promise<Program> {
  const settings = sandboxSettings();
  const remote = await createRepository(settings);
  const data = mkdtempSync(join(tmpdir(), "denshimon-end2end-"));
  const child = spawn(join(binaries, "denshimon"), [], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: data,
      KUBECONFIG: settings.KUBECONFIG,
      DENSHIMON_LISTEN: "127.0.0.1:0",
      DENSHIMON_DATA_DIR: join(data, "data"),
      DENSHIMON_CLUSTER_NAME: "sandbox",
      DENSHIMON_COMMIT_WINDOW: "0s",
      DENSHIMON_ASSETS_DIR: process.env.DENSHIMON_ASSETS_DIR ?? join(cache, "site"),
      DENSHIMON_REPOSITORY_URL: remote,
      DENSHIMON_REPOSITORY_USERNAME: settings.DENSHIMON_REPOSITORY_USERNAME,
      DENSHIMON_REPOSITORY_TOKEN: settings.DENSHIMON_REPOSITORY_TOKEN,
      ...extra,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const setupLink = await printed(child, () => output, /(https?:\/\/\S+\/setup\?token=\S+)/);
  const url = new URL(setupLink).origin;
  const environment = { ...process.env, KUBECONFIG: settings.KUBECONFIG };
  const kubectl = settings.DENSHIMON_KUBECTL ?? "kubectl";
  const clone = join(data, "clone");
  const credentials = `${settings.DENSHIMON_REPOSITORY_USERNAME}:${settings.DENSHIMON_REPOSITORY_TOKEN}@`;
  return {
    url,
    setupLink,
    log: () => output,
    kubectl: (...args) => execFileSync(kubectl, args, { encoding: "utf8", env: environment }),
    apply: (document, ...args) =>
      execFileSync(kubectl, ["apply", "-f", "-", ...args], { encoding: "utf8", env: environment, input: document }),
    git: (...args) => {
      rmSync(clone, { recursive: true, force: true });
      execFileSync("git", ["clone", "-q", remote.replace("://", `://${credentials}`), clone], { stdio: "pipe" });
      return execFileSync("git", ["-C", clone, ...args], { encoding: "utf8" });
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
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
