// What its owner says of messages that are there: other words, that one is deleted, a reaction. Only where messages are encrypted (§24).

export const isOf = (change) => ({ event_id, from }) => event_id === change.event_id && from === change.from;

/** What was said later of the same: an earlier word that did not arrive must not come after it. */
export const replaces = (later, earlier) => isOf(later)(earlier) && later.written >= earlier.written && (later.what === earlier.what || later.what === 'delete');

function react(reactions = [], self, emoji) {
  const rest = reactions.map((one) => ({ ...one, from: one.from.filter((id) => id !== self) }));
  const same = rest.find((one) => one.emoji === emoji);
  same?.from.push(self);
  if (emoji && !same) rest.push({ emoji, from: [self] });
  return rest.filter(({ from }) => from.length);
}

/** Makes the message what the change says. Of what is deleted nothing more is said. */
export function apply(message, { what, text, self, written }) {
  if (message.e2e === 'deleted' || message.e2e === 'expired') return;
  const at = new Date(written).toISOString();
  if (what === 'edit') Object.assign(message, { body: text, edited_at: at });
  if (what === 'react') message.reactions = react(message.reactions, self, text);
  if (what === 'delete') Object.assign(message, { e2e: 'deleted', body: '', attachments: [], reactions: undefined, reply_to: undefined, edited_at: undefined, deleted_at: text === 'both' ? at : undefined });
}

/** Marks it on the stored message, if it is there. */
export function settle({ messages }, change) {
  const message = messages.find(isOf(change));
  if (message) apply(message, change);
}

/** The message as it will be when all that waits is stored; `saying` is what does. */
export function asSaid(message, changes) {
  const saying = changes.filter((change) => isOf(change)(message));
  if (saying.length === 0) return message;
  const shown = { ...message, saying };
  for (const change of saying.filter(({ failed }) => !failed || failed.unreachable)) {
    apply(shown, change);
    shown.leaving ||= change.what === 'delete'; // it is not deleted yet
  }
  return shown;
}

/** What can be said of it. `entry`: the conversation's. */
export function sayable({ event_id, from, e2e, failed }, entry, self) {
  const is = Boolean(event_id && !failed && entry?.e2e && entry.level !== null);
  const open = is && !entry.blocked && (e2e === 'ok' || e2e === false);
  const own = from === self;
  const kept = Boolean(event_id && !failed && entry); // here it can go whoever else is left
  return { reply: open, react: open, edit: open && own, delete: kept && e2e !== false && e2e !== undefined && e2e !== 'deleted' && e2e !== 'expired', both: is && own && !entry.blocked };
}
