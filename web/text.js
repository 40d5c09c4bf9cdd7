// What others wrote, made fit to be shown. A name, of a person or a file, is a fact: nothing in it may look like something else.

// What can't be seen, or turns the direction of writing: in a name it deceives.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?!\p{VS})\p{DI}/gu;

// At a name's end, what may be taken for a short id.
const LIKE_ID = /(?:[\p{L}\p{N}]{4}[^\p{L}\p{N}\s]){3}[\p{L}\p{N}]{4}[^\p{L}\p{N}]*$/u;

/** "" when nothing of it can be seen. Joiners inside emoji are kept. */
export function cleanName(name) {
  const clean = name.replace(/(?<=\p{Extended_Pictographic}\ufe0f?)\u200d(?=\p{Extended_Pictographic})/gu, '\ue000')
    .replace(HIDDEN, '').replaceAll('\ue000', '\u200d').replace(/[\s\u2800]+/gu, ' ').trim();
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(clean) ? clean : '';
}

// In a person's name, what may be taken for one of our marks.
const LIKE_MARK = /[\u2610-\u2611\u2705\u2713\u2714\u{1f50f}-\u{1f513}\u{1f5f8}\u{1f5f9}\u{1f6e1}]\ufe0f?/gu;

/** Of a person, without what else is at a name. */
export const plainName = ({ display_name }) => cleanName(display_name.replace(LIKE_MARK, ''));

/** Of a file whose name has nothing to see, the id. */
export const fileName = ({ name, cid }) => cleanName(name) || cid;

export const shortId = (entry) => entry.short_id.replace('ed25519:', '');

/** Where two go by one name, or by names that look alike, the id tells them apart; and where a name looks like an id, or had one of our marks. */
export function nameOf(entry) {
  const own = cleanName(entry.nickname ?? ''); // what the owner calls them
  if (own) return entry.namesake ? `${own} (${shortId(entry)})` : own;
  const name = plainName(entry);
  return name && (entry.namesake || name !== cleanName(entry.display_name) || LIKE_ID.test(name.replace(/\p{M}/gu, ''))) ? `${name} (${shortId(entry)})` : name || shortId(entry);
}

const GRAPHEMES = new Intl.Segmenter();

/** How many UTF-16 units to take, `most` at most, so that no character as people see them is taken in part. */
export function cutAt(text, most) {
  if (text.length <= most) return text.length;
  const { index } = GRAPHEMES.segment(text.slice(0, most + 2)).containing(most);
  return index || text.slice(0, most).replace(/[\ud800-\udbff]$/, '').length;
}

/** With … for the rest. */
export const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, cutAt(text, most))}…`);

export function initials(name) {
  const words = name.replace(/( \([A-Z2-7-]{19}\))+$/, '').split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word) => GRAPHEMES.segment(word).containing(0)?.segment ?? '';
  if (words.length === 0) return first(name);
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : '')).toUpperCase();
}

/** A colour's angle, the same everywhere. */
export function hueOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 360;
  return sum;
}

/** Controls, but line ends and tabs, as the signs that stand for them. */
export const visible = (text) => text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g,
  (control) => control === '\x7f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0)));

/** What stands in the place of a message that can't be read; null: it can. `name`: of the one at the other end. */
export function excuse({ e2e, delivered_at, deleted_at, deleted_there_at, gone_by, leaving }, t, name, own) {
  const key = {
    waiting: own ? 'waiting_own' : delivered_at ? 'lost' : 'waiting', // opened here before
    unreadable: 'unreadable',
    deleted: leaving ? 'to_delete' : !deleted_at ? 'deleted' : !own ? 'deleted_by' : deleted_there_at ? 'deleted_both' : 'deleting',
    expired: 'expired',
  };
  if (gone_by && !leaving && e2e === 'deleted') return t(`message.${key.deleted}_by_day`, { name, day: t.day(gone_by) });
  return !e2e || e2e === 'ok' ? null : t(`message.${key[e2e] ?? 'unsupported'}`, { name });
}

/** What a message says, in a line: in a list, in a notification, aloud. */
export const brief = (message, t, most, name, own) => excuse(message, t, name, own) ?? (visible(cut(message.body, most)) || message.attachments.map(fileName).join(', '));

export const bytesOf = (text) => new TextEncoder().encode(text).length;

export function createFormat(language) {
  const format = (options) => {
    const of = new Intl.DateTimeFormat(language, options);
    return (text) => of.format(new Date(text));
  };
  const time = format({ timeStyle: 'short' });
  const full = format({ dateStyle: 'medium', timeStyle: 'short' });
  const weekday = format({ weekday: 'long' });
  const [date, dateOfYear] = [format({ day: 'numeric', month: 'short' }), format({ dateStyle: 'short' })];
  const [day, dayOfYear] = [format({ weekday: 'long', day: 'numeric', month: 'long' }), format({ dateStyle: 'full' })];
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const midnight = (...text) => new Date(...text).setHours(0, 0, 0, 0);
  const daysAgo = (text) => Math.round((midnight() - midnight(text)) / 86400000);
  const isThisYear = (text) => new Date(text).getFullYear() === new Date().getFullYear();

  /** "today" or "yesterday", if it was. */
  function lately(text) {
    const days = daysAgo(text);
    return days === 0 || days === 1 ? relative.format(-days, 'day') : '';
  }

  return {
    time, full,
    dayKey: (text) => new Date(text).toDateString(),
    /** Above the messages of a day: "Today", "Tuesday, 3 March". */
    day: (text) => lately(text).replace(/^./, (first) => first.toUpperCase()) || (isThisYear(text) ? day : dayOfYear)(text),
    /** In a list: the time today, the weekday this week, else the date. */
    brief(text) {
      const days = daysAgo(text);
      return (days === 0 ? time : days > 0 && days < 7 ? weekday : isThisYear(text) ? date : dateOfYear)(text);
    },
    number: new Intl.NumberFormat(language).format,
    /** "3 minutes": roughly, in the unit that people would take. */
    duration(seconds) {
      const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
      const [unit, size] = units.find(([, least]) => seconds >= 1.5 * least) ?? units.at(-1);
      return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.round(seconds / size));
    },
    /** In a sentence: "today, 14:03". */
    moment: (text) => (lately(text) ? `${lately(text)}, ${time(text)}` : full(text)),
  };
}
