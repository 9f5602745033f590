// Signing out: ask when something is not sent, then forget what this phone keeps.
import { all, wipe } from "./db.js";

/** Return whether to go on; `question` has {n} for how many acts are not sent. */
export async function leave(question) {
  if (!("indexedDB" in globalThis) || !globalThis.isSecureContext) return true;
  const unsent = (await all("items")).length;
  if (unsent && !confirm(question.replace("{n}", unsent))) return false;
  await wipe();
  return true;
}
