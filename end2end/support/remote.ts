// The repository in Gitea that a program pushes to, and what other people do with it.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Remote {
  url: string;
  /** What `git` says in a fresh clone without files. */
  git(...args: string[]): string;
  /** What a file holds; nothing when it is not there. */
  read(path: string): string;
  /** Commits and pushes as eve; `null` takes a file away. */
  commit(files: Record<string, string | null>): void;
  /** Puts a commit of eve's in the place of the newest one, by force. */
  rewrite(): void;
  /** Lets nobody push any more, or everybody again. */
  protect(on: boolean): Promise<void>;
  /** Deletes it and makes it again with nothing in it. */
  empty(): Promise<void>;
  /** Deletes it and puts another one in its place, which holds a commit of eve's and nothing else. */
  replace(): Promise<void>;
}

/** Makes an empty repository; `folder` is where it may be cloned to. */
export async function createRemote(settings: Record<string, string>, folder: string): Promise<Remote> {
  const name = `base-infrastructure-${process.pid}-${Date.now().toString(36)}`;
  const gitea = async (method: string, path: string, body?: object) => {
    const headers = { "Content-Type": "application/json", Authorization: `token ${settings.DENSHIMON_GITEA_TOKEN}` };
    const answer = await fetch(`${settings.DENSHIMON_GITEA_URL}/api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Gitea answers ${method} ${path} with ${answer.status}: ${text}`);
    return text;
  };
  const create = () => gitea("POST", "user/repos", { name, private: true, default_branch: "main" });
  const { clone_url: url, full_name } = JSON.parse(await create()) as { clone_url: string; full_name: string };
  const createAgain = async () => {
    await gitea("DELETE", `repos/${full_name}`);
    await create();
  };
  const credentials = `${settings.DENSHIMON_REPOSITORY_USERNAME}:${settings.DENSHIMON_REPOSITORY_TOKEN}@`;
  const inClone = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", stdio: "pipe" });
  const clone = (...options: string[]) => {
    rmSync(folder, { recursive: true, force: true });
    execFileSync("git", ["clone", "-q", ...options, url.replace("://", `://${credentials}`), folder], { stdio: "pipe" });
  };
  const git = (...args: string[]) => {
    clone("--bare");
    return inClone(...args);
  };
  const commitAsEve = (message: string) => {
    inClone("add", "--all");
    inClone("-c", "user.name=eve", "-c", "user.email=eve@example.org", "commit", "-q", "-m", message);
  };
  /** As people do who are overtaken: what came in between goes first. */
  const push = () => {
    for (let triesLeft = 10; ; triesLeft--) {
      try {
        return inClone("push", "-q", "origin", "HEAD:main");
      } catch (error) {
        if (triesLeft === 0) throw error;
        inClone("-c", "user.name=eve", "-c", "user.email=eve@example.org", "pull", "-q", "--rebase", "origin", "main");
      }
    }
  };
  const takeNotes = (message: string) => {
    writeFileSync(join(folder, "NOTES.md"), "Eve's word.\n");
    commitAsEve(message);
    inClone("push", "-q", "--force", "origin", "HEAD:main");
  };
  return {
    url,
    git,
    read: (path) => (git("for-each-ref") && inClone("ls-tree", "HEAD", "--", path) ? inClone("show", `HEAD:${path}`) : ""),
    commit: (files) => {
      clone();
      for (const [path, text] of Object.entries(files)) {
        const file = join(folder, path);
        mkdirSync(dirname(file), { recursive: true });
        if (text === null) rmSync(file);
        else writeFileSync(file, text);
      }
      commitAsEve("By hand");
      push();
    },
    rewrite: () => {
      clone();
      inClone("reset", "-q", "--hard", "HEAD~1");
      takeNotes("Begin again");
    },
    protect: async (on) => {
      const rules = `repos/${full_name}/branch_protections`;
      if (on) await gitea("POST", rules, { rule_name: "main", enable_push: false });
      else await gitea("DELETE", `${rules}/main`);
    },
    empty: createAgain,
    replace: async () => {
      await createAgain();
      clone();
      takeNotes("Something else");
    },
  };
}
