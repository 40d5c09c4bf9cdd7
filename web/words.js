// The tab's words in the reader's language: t('key', {name}) with {name} put in; a count chooses between one and other.

import table from './words_table.js';

const LANGUAGES = ['en', 'de'];

export const languageOf = (wanted, offered = navigator.languages) => [wanted, ...offered]
  .map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag)) ?? 'en';

/** The browser's own kind of that language, for how it writes times. */
export const localeOf = (language) => navigator.languages.find((tag) => tag.startsWith(language)) ?? language;

export function createWords(language) {
  const column = LANGUAGES.indexOf(language);
  const plural = new Intl.PluralRules(language);
  const t = (key, values = {}) => (table[key] ?? table[`${key}.${plural.select(values.count)}`])[column]
    .replace(/\{(\w+)\}/g, (_, name) => values[name]);
  /** What went wrong and what to do, in words of this place if there are any; else as the node says it. */
  t.problem = (error, place) => (table[`problem.${place}.${error.code}`] ?? table[`problem.${error.code}`])?.[column] ?? error.message;
  return t;
}
