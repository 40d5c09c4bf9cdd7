// What is said, in the language of who reads it: t('key', {name}) with {name} put in; a count chooses between one and other.
// Each language has its file, of lines key|text, and only one of them is loaded.

const LANGUAGES = ['en', 'de'];

export const languageOf = (wanted) => [wanted, ...navigator.languages].map((tag) => tag.slice(0, 2)).find((tag) => LANGUAGES.includes(tag)) ?? 'en';

/** The browser's own kind of it, for times. */
export const localeOf = (language) => navigator.languages.find((tag) => tag.startsWith(language)) ?? language;

export async function createWords(language) {
  const { default: text } = await import(`./words_${language}.js`);
  const table = Object.fromEntries(text.trim().split('\n').map((line) => line.split('|')));
  const plural = new Intl.PluralRules(language);
  const day = new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeZone: 'UTC' });
  const t = (key, values = {}) => (table[key] ?? table[`${key}.${plural.select(values.count)}`])
    .replace(/\{(\w+)\}/g, (_, name) => values[name]);
  /** What went wrong and what to do: in words of this place if there are any, else the node's. */
  t.problem = (error, place) => {
    const key = [`problem.${place}.${error.code}`, `problem.${error.code}`].find((name) => name in table) ?? 'problem.other';
    return t(key, error) || error.message;
  };
  t.day = (text) => day.format(new Date(text));
  return t;
}
