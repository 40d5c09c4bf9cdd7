// What the browser keeps between visits: settings, and per node drafts and own messages that are not on its disk yet.

const SETTINGS = { language: 'auto', theme: 'auto', notifications: false, sound: false };

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Full or forbidden: it stays in the page.
  }
}

export const settings = {
  get: () => ({ ...SETTINGS, ...read('settings') }),
  set: (change) => write('settings', { ...settings.get(), ...change }),
};

export function createKeep(nodeId) {
  const drafts = `drafts ${nodeId}`;
  const outbox = `outbox ${nodeId}`;
  const change = (name, key, value) => {
    const all = read(name);
    if (value) all[key] = value;
    else delete all[key];
    write(name, all);
  };
  return {
    draft: (peer) => read(drafts)[peer] ?? '',
    setDraft: (peer, text) => change(drafts, peer, text),
    unsent: () => Object.values(read(outbox)).sort((a, b) => a.written - b.written),
    setUnsent: (message) => change(outbox, message.client_id, message),
    setSent: (client_id) => change(outbox, client_id, null),
  };
}
