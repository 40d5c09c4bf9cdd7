// What others wrote, made fit to be shown.

// What can't be seen, or turns the direction of writing: in a name it deceives.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;

/** "" when nothing of it can be seen. Joiners inside emoji are kept. */
export function cleanName(name) {
  return name.replace(/(?<=\p{Extended_Pictographic}\ufe0f?)\u200d(?=\p{Extended_Pictographic})/gu, '\ue000')
    .replace(HIDDEN, '').replaceAll('\ue000', '\u200d').replace(/\s+/gu, ' ').trim();
}

export const shortId = (entry) => entry.short_id.replace('ed25519:', '');

export const nameOf = (entry) => cleanName(entry.display_name) || shortId(entry);

export function initials(name) {
  const words = name.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '';
  if (words.length === 0) return first(name);
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : '')).toUpperCase();
}

/** A colour's angle, the same everywhere. */
export function hueOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 360;
  return sum;
}

const LINK = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+/giu;
const CLOSING = { ')': '(', ']': '[', '}': '{' };

/** What ends a sentence does not belong to the address in it. */
function withoutEnding(address) {
  for (;;) {
    const last = address.at(-1);
    const opens = CLOSING[last];
    const unmatched = opens && address.split(last).length > address.split(opens).length;
    if (!unmatched && !/[.,;:!?…'"»“”]/.test(last)) return address;
    address = address.slice(0, -1);
  }
}

/** The text in pieces, {text} or {text, href}: only http and https, and only what the URL parser takes. */
export function splitLinks(text) {
  const pieces = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = withoutEnding(found);
    if (!URL.canParse(address)) continue;
    if (index > end) pieces.push({ text: text.slice(end, index) });
    pieces.push({ text: address, href: new URL(address).href });
    end = index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

/** Controls, but line ends and tabs, as the signs that stand for them. */
export const visible = (text) => text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g,
  (control) => control === '\x7f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0)));

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
    /** In a sentence: "today, 14:03". */
    moment: (text) => (lately(text) ? `${lately(text)}, ${time(text)}` : full(text)),
  };
}
