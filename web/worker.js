// Keeps the files of the page, and nothing else, so that a reload finds them while the node is down. What the node answers to
// anything but these is never looked at here. The names and the version are filled in when the program is built.

const FILES = '@FILES@'.split(' ');
const PAGE = 'page @VERSION@';

self.addEventListener('install', (event) => {
  const requests = FILES.map((name) => new Request(name, { cache: 'reload' }));
  event.waitUntil(caches.open(PAGE).then((page) => page.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const forget = (names) => Promise.all(names.filter((name) => name !== PAGE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(forget).then(() => self.clients.claim()));
});

/** The node's own, for as long as it answers: what is kept is not used beside it. */
self.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  if (event.request.method !== 'GET' || origin !== location.origin || !FILES.includes(name)) return;
  event.respondWith(fetch(event.request).catch(() => caches.match(name, { cacheName: PAGE })));
});
