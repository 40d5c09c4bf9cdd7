// What the tab keeps in the browser between visits: settings, drafts, and own messages that are not on the node's disk
// yet. Per node, since several may be looked at by one browser. A browser that refuses to keep things costs no more than that.

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
    // Full or forbidden: what is typed stays in the page.
  }
}

export const settings = {
  get: () => ({ ...SETTINGS, ...read('settings') }),
  set: (change) => write('settings', { ...settings.get(), ...change }),
};

/** Drafts and the outbox of one node. */
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
    drafts: () => read(drafts),
    setDraft: (peer, text) => change(drafts, peer, text),
    /** Own messages that were written but not stored, oldest first. */
    unsent: () => Object.values(read(outbox)).sort((a, b) => a.written - b.written),
    setUnsent: (message) => change(outbox, message.client_id, message),
    setSent: (client_id) => change(outbox, client_id, null),
  };
}
