// What is a link in a text, what is code, what is nothing but emoji. Each text is gone through once, whatever stands in it.

const OUTSIDE = '\\s<>`\\p{Cc}\\u2028-\\u202f\\u2060-\\u206f\\ufeff\\u200b\\u200e\\u200f\\u2018-\\u201f\\u00ab\\u00bb\\u3000-\\u303f\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65';
const WORD = '[\\p{L}\\p{N}]';
const LABELS = `(?:${WORD}(?:[\\p{L}\\p{N}-]{0,61}${WORD})?\\.)+`;
const ADDRESS = `(?<![\\p{L}\\p{N}.+%_'@/-])(?:mailto:)?[\\p{L}\\p{N}.+%_'-]{1,64}@${LABELS}\\p{L}{2,63}(?![\\p{L}\\p{N}@_])`;
// From abroad, or as it is written at home: not the numbers of a bill, and no dates.
const NUMBER = "(?<![\\p{L}\\p{N}+_.,:;/@#=-])(?:\\+[1-9]\\d{0,14}(?: ?\\(\\d{1,5}\\) ?\\d{0,12}|[ /.-]\\d{1,12}){0,7}"
  + "|\\(?0[1-9]\\d{1,4}\\)?(?: ?[/-] ?| )\\d{2,9}(?:[ -]\\d{2,6}){0,4}|0[1-9](?: \\d\\d){4})(?![\\p{L}\\p{N}]|[.,:/-]\\d)";
const START = new RegExp(`(?<![\\p{L}\\p{N}_])(?<web>https?://|www\\.)|(?<mail>${ADDRESS})|(?<number>${NUMBER})`, 'giu');
const END = new RegExp(`[${OUTSIDE}]`, 'gu');
const HOST = /^https?:\/\/(?:[^@/?#]*@)?(?:\[[\da-f:.]+\]|[\p{L}\p{N}\p{S}][^/?#:]*)(?:[:/?#]|$)/iu;
const WWW = new RegExp(`^www\\.${LABELS}\\p{L}{2,63}(?![\\p{L}\\p{N}])`, 'iu');
const OPENING = { ')': '(', ']': '[', '}': '{' };

/** The stretch that begins at `start` and could be one address: where it ends, and for each bracket and quote in it where its partner is, -1: nowhere. */
function readRun(text, start) {
  END.lastIndex = start;
  const end = END.exec(text)?.index ?? text.length;
  const partners = new Map();
  const open = [];
  const count = { '(': 0, '[': 0, '{': 0, '"': 0 };
  for (let at = start; at < end; at++) {
    const sign = text[at];
    const opening = sign === '"' ? count['"'] && '"' : OPENING[sign];
    if (opening ? count[opening] : false) {
      let from;
      do {
        from = open.pop();
        count[text[from]]--;
      } while (text[from] !== opening);
      partners.set(from, at).set(at, from);
    } else if (opening || sign in count) {
      partners.set(at, -1);
      if (!opening) {
        open.push(at);
        count[sign]++;
      }
    }
  }
  return { end, partners };
}

/** Where the address ends: before a bracket without a partner in it, and what ends a sentence is not of it. */
function endOf(text, start, { end, partners }) {
  let at = start;
  let apostrophes = 0;
  for (; at < end; at++) {
    const partner = partners.get(at);
    if (partner !== undefined && partner < start) break;
    if (text[at] === "'") apostrophes++;
  }
  for (; at > start; at--) {
    const last = text[at - 1];
    if (last === "'" ? apostrophes % 2 === 0 : !/[.,;:!?…*]/.test(last)) break;
    if (last === "'") apostrophes--;
  }
  return at;
}

function webLink(address) {
  const href = /^www/i.test(address) ? WWW.test(address) && `http://${address}` : HOST.test(address) && address;
  return href && URL.canParse(href) ? new URL(href).href : null;
}

function numberLink(number) {
  const digits = number.replace('(0)', '').replace(/[^\d+]/g, '');
  return (digits[0] !== '+' || digits.length > 9) && digits.length < 17 ? `tel:${digits}` : null;
}

const mailLink = (address) => `mailto:${address.replace(/^mailto:/i, '').split('@').map(encodeURIComponent).join('@')}`;

/** The text in pieces, {text} or {text, href}: the web, mail and telephone, and only what the URL parser takes. */
export function splitLinks(text) {
  const pieces = [];
  let done = 0;
  let run = { end: 0 };
  START.lastIndex = 0;
  for (let found = START.exec(text); found; found = START.exec(text)) {
    const { 0: match, index, groups: { web, mail } } = found;
    if (web && index >= run.end) run = readRun(text, index);
    const end = web ? endOf(text, index, run) : index + match.length;
    const address = text.slice(index, end);
    const href = (web ? webLink : mail ? mailLink : numberLink)(address);
    START.lastIndex = Math.max(end, index + match.length);
    if (!href) continue;
    if (index > done) pieces.push({ text: text.slice(done, index) });
    pieces.push({ text: address, href });
    done = end;
  }
  if (done < text.length) pieces.push({ text: text.slice(done) });
  return pieces;
}

const CODE = /```(?:[\w+-]*\n)?([^]+?)```\n?|(?<![\p{L}\p{N}`])`([^`\n]+)`(?![\p{L}\p{N}`])/dgu;
const CODE_CUT = new RegExp(CODE.source.replace('```\\n?', '(?:```\\n?|$)'), 'dgu');

/** In pieces, {text, begin}, or {code, block, begin} for what stands in ``` or between `. `cut`: it goes on behind its end. */
export function splitCode(text, cut) {
  const pieces = [];
  let done = 0;
  for (const { 0: match, 1: block, 2: code, index, indices } of text.matchAll(cut ? CODE_CUT : CODE)) {
    if (index > done) pieces.push({ text: text.slice(done, index), begin: done });
    pieces.push({ code: block?.replace(/\n$/, '') ?? code, block: block !== undefined, begin: (indices[1] ?? indices[2])[0] });
    done = index + match.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), begin: done });
  return pieces;
}

/** Few enough to be shown large. What has a letter (one emoji is one) need not meet the pattern, which takes long to be made. */
export const isEmoji = (text) => text.length < 100 && !/(?!\u2139)\p{L}/u.test(text) && /^(?:\p{RGI_Emoji}\s*){1,8}$/v.test(text);
