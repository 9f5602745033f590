// Pages of the street without a line. GIVEN (build, shell, keep) stands before this, written by the server.
//
// Kept: the files of the build, and pages the server marks for one person (their tasks and checks, never
// how a reporter is called). What is sent is the outbox's business, not ours.
const FILES = `cityops-static-${GIVEN.build}`;
const PAGES = "cityops-pages-";
const SHIFT_MS = 12 * 3600 * 1000;
const PATIENCE_MS = 4000;
const OUTBOX = "/tasks/outbox";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll(GIVEN.shell)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy().then(() => self.clients.claim()));
});

async function tidy() {
  for (const name of await caches.keys()) {
    if (name.startsWith("cityops-static-") && name !== FILES) await caches.delete(name);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request, url));
  else if (/^\/(tasks|verify)(\/[0-9A-Z-]+|\/outbox)?$/.test(url.pathname)) event.respondWith(page(event, url));
});

/** A file of the build from the phone; another build's page gets what there is when there is no line. */
async function file(request, url) {
  const [, , build, ...name] = url.pathname.split("/");
  const kept = await (await caches.open(FILES)).match(`/static/${GIVEN.build}/${name.join("/")}`);
  if (kept && build === GIVEN.build) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** A page from the server, or as it was kept where there is no line or a very slow one. */
async function page(event, url) {
  const kept = await find(url.pathname);
  const fresh = fetch(event.request).then(async (answer) => {
    await keep(url.pathname, answer);
    return answer;
  });
  event.waitUntil(fresh.catch(() => {}));
  if (!kept) return fresh.catch(async (error) => (await find(OUTBOX)) ?? Promise.reject(error));
  const slow = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  return Promise.race([fresh.catch(() => kept), slow]);
}

async function keep(path, answer) {
  const whose = answer.headers.get(GIVEN.keep);
  if (answer.ok && whose && !answer.redirected) {
    for (const name of await caches.keys()) {
      // Somebody else works on this phone now.
      if (name.startsWith(PAGES) && name !== PAGES + whose) await caches.delete(name);
    }
    await (await caches.open(PAGES + whose)).put(path, answer.clone());
  } else if (answer.status === 403 || answer.status === 404) {
    for (const name of await caches.keys()) if (name.startsWith(PAGES)) await (await caches.open(name)).delete(path);
  }
}

/** A kept page, told to say so; none that is older than a shift. */
async function find(path) {
  for (const name of await caches.keys()) {
    const cache = name.startsWith(PAGES) ? await caches.open(name) : null;
    const found = await cache?.match(path);
    if (!found) continue;
    if (Date.now() - Date.parse(found.headers.get("date")) < SHIFT_MS) {
      const text = (await found.text()).replace('data-from="line"', 'data-from="phone"');
      const headers = new Headers(found.headers);
      headers.delete("content-encoding");
      headers.delete("content-length");
      return new Response(text, { status: 200, headers });
    }
    await cache.delete(path);
  }
  return null;
}
