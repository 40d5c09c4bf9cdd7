// What the browser keeps between visits: settings, and per node drafts and own messages that are not on its disk yet. And what
// the tabs of one node tell each other.

const SETTINGS = { language: 'auto', theme: 'auto', notifications: false, sound: false };

const unkept = new Map(); // what the browser did not take, for as long as the page is there

function read(name) {
  if (unkept.has(name)) return unkept.get(name);
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

/** Full or forbidden: the page alone has it, and whoever listens for `keeping` hears that. */
function write(name, value) {
  const before = unkept.size;
  unkept.delete(name);
  try {
    if (value) localStorage.setItem(name, JSON.stringify(value));
    else localStorage.removeItem(name);
  } catch {
    if (value) unkept.set(name, value);
  }
  if (before !== unkept.size) window.dispatchEvent(new Event('keeping'));
}

function namesWith(beginning) {
  let names = [];
  try {
    names = Object.keys(localStorage);
  } catch {
    // Forbidden: there are none.
  }
  return [...new Set([...names, ...unkept.keys()])].filter((name) => name.startsWith(beginning));
}

/** Something of this visit will be gone with the page. */
export const isUnkept = () => unkept.size > 0;

export const settings = {
  get: () => ({ ...SETTINGS, ...read('settings') }),
  set: (change) => write('settings', { ...settings.get(), ...change }),
};

/** Earlier versions kept all of a kind in one object. */
function moveApart(together, beginning) {
  const all = Object.entries(read(together) ?? {});
  write(together, null); // first, for the room
  for (const [key, value] of all) write(beginning + key, value);
}

export function createKeep(nodeId) {
  const draft = `draft ${nodeId} `;
  const saying = `saying ${nodeId} `;
  const outbox = `outbox ${nodeId} `;
  moveApart(`drafts ${nodeId}`, draft);
  moveApart(`outbox ${nodeId}`, outbox);
  return {
    draft: (peer) => read(draft + peer) ?? '',
    setDraft: (peer, text) => write(draft + peer, text),
    saying: (peer) => read(saying + peer),
    setSaying: (peer, what) => write(saying + peer, what),
    unsent: () => namesWith(outbox).map(read).filter(Boolean).sort((a, b) => a.written - b.written),
    setUnsent: (message) => write(outbox + message.client_id, message),
    setSent: (client_id) => write(outbox + client_id, null),
  };
}

/** The node's other tabs: tell({what: …}) is heard by all of them; one of all has `leads` true, for what is to happen once. */
export function createTabs(nodeId) {
  const channel = new BroadcastChannel(`hearthchat ${nodeId}`);
  const tabs = {
    leads: !navigator.locks,
    tell: (news) => channel.postMessage(news),
    listen: (listener) => channel.addEventListener('message', ({ data }) => listener(data)),
  };
  navigator.locks?.request(channel.name, () => { tabs.leads = true; return new Promise(() => {}); });
  return tabs;
}
