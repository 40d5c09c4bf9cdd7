// Times as people of a language say them.

export function createFormat(language) {
  const of = (options) => new Intl.DateTimeFormat(language, options);
  const time = of({ hour: '2-digit', minute: '2-digit' });
  const weekday = of({ weekday: 'long' });
  const date = of({ day: 'numeric', month: 'short' });
  const dateOfYear = of({ day: '2-digit', month: '2-digit', year: 'numeric' });
  const day = of({ weekday: 'long', day: 'numeric', month: 'long' });
  const dayOfYear = of({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const full = of({ dateStyle: 'medium', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const midnight = (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
  const daysAgo = (at) => Math.round((midnight(new Date()) - midnight(at)) / 86400000);
  const capital = (text) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);

  return {
    time: (text) => time.format(new Date(text)),
    full: (text) => full.format(new Date(text)),
    dayKey: (text) => new Date(text).toDateString(),
    /** Above the messages of a day: "Today", "Tuesday, 3 March". */
    day(text) {
      const at = new Date(text);
      const days = daysAgo(at);
      if (days === 0 || days === 1) return capital(relative.format(-days, 'day'));
      return (at.getFullYear() === new Date().getFullYear() ? day : dayOfYear).format(at);
    },
    /** In a list: the time today, the weekday this week, else the date. */
    brief(text) {
      const at = new Date(text);
      const days = daysAgo(at);
      if (days === 0) return time.format(at);
      if (days > 0 && days < 7) return weekday.format(at);
      return (at.getFullYear() === new Date().getFullYear() ? date : dateOfYear).format(at);
    },
    /** In a sentence: "today, 14:03". */
    moment(text) {
      const at = new Date(text);
      const days = daysAgo(at);
      return days === 0 || days === 1 ? `${relative.format(-days, 'day')}, ${time.format(at)}` : full.format(at);
    },
  };
}
