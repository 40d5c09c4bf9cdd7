// What is said of a message: what it answers, reactions, other words, that it is deleted; and how one says so.

import { sayable } from './changes.js';
import { button, createForm, element, hint, icon, isolated, labelled, openDialog } from './dom.js';
import { isEmoji } from './links.js';
import { bytesOf, cleanName, cut, visible } from './text.js';

const OFFERED = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const MOST_BYTES = 32; // of a reaction (§24.3)
const MOST_CHARACTERS = 200;
const ONE = /^\p{RGI_Emoji}$/v;

/** What others took for one may be any text. */
const shownEmoji = (text) => (isEmoji(text) ? text : cleanName(text) || '?');

export function createSaid(ui) {
  const { model, t, format } = ui;
  const entry = () => model.byPeer.get(model.current);
  const can = (message) => sayable(message, entry(), model.self);
  const line = (message) => ui.brief(message, MOST_CHARACTERS).replace(/\s+/g, ' ');
  const nameOf = (id) => (id === model.self ? t('said.you') : model.nameOf(id));

  /** {message, words} of what the message answers; `words` of what can't be shown. Null: it answers none. */
  function answered({ reply_to, e2e }) {
    if (reply_to === undefined || (e2e && e2e !== 'ok')) return null;
    const told = reply_to ? model.told(model.current, reply_to) : { problem: { code: 'not_found' } };
    if (told?.message) return { message: told.message, words: line(told.message) };
    return { words: told?.problem?.code === 'not_found' ? t('said.missing') : '…' };
  }

  /** As a quote, which leads to the original. */
  function quote({ message, words }) {
    if (!message) return element('p', { class: 'quote' }, words);
    return element('button', { class: 'quote', tabindex: -1, onclick: () => ui.show(model.current, message) },
      element('span', { class: 'unseen' }, t('said.answer')), element('b', {}, isolated(nameOf(message.from))), element('span', { class: 'words' }, isolated(words)));
  }

  function reactions(message) {
    if (!message.reactions?.length) return null;
    const may = can(message).react;
    return element('div', { class: 'reactions' }, message.reactions.map(({ emoji, from }) => {
      const mine = from.includes(model.self);
      const names = from.map(nameOf).join(', ');
      const content = [element('bdi', {}, shownEmoji(emoji)), from.length > 1 && element('span', { 'aria-hidden': 'true' }, from.length), element('span', { class: 'unseen' }, ` ${names}`)];
      return may ? element('button', { class: 'reaction', tabindex: -1, 'aria-pressed': String(mine), title: names, onclick: () => model.say(message, 'react', mine ? '' : emoji) }, content)
        : element('span', { class: 'reaction', title: names }, content);
    }));
  }

  /** What was said, and could not be stored; of the same the last. */
  const failures = ({ saying = [] }) => saying.filter(({ failed, what }, at) => failed && !saying.slice(at + 1).some((later) => later.what === what)).map((change) => element('div', { class: 'failure', role: 'alert' },
    element('p', {}, change.failed.unreachable ? '' : `${t(`said.failed.${change.what}`)} `, t.problem(change.failed, 'said')),
    change.what === 'edit' && !change.failed.unreachable && element('p', { class: 'lost-words', dir: 'auto' }, visible(change.text)),
    button(t('retry'), () => model.post(change)), button(t('message.discard'), () => model.discard(change), { class: 'plain' })));

  /** For the details: [name, what], … */
  function lines(message) {
    const { edited_at, event_id, deleted_at, deleted_there_at, gone_by, from } = message;
    const told = edited_at && event_id && model.told(model.current, event_id, true);
    return [
      edited_at && [t('details.edited'), format.full(edited_at)],
      ...(told?.earlier ?? []).map(({ body, at }) => [t('details.earlier'), element('span', { class: 'earlier' }, element('span', { dir: 'auto' }, visible(cut(body, 2000))), element('small', {}, format.full(at)))]),
      deleted_at && [t('details.deleted'), format.full(deleted_at)],
      gone_by !== undefined && [t('details.gone'), gone_by ? t('details.gone_by', { day: t.day(gone_by) }) : t('details.gone_soon', { name: model.nameOf(from) })],
      deleted_there_at && [t('details.deleted_there', { name: model.nameOf(message.to) }), format.full(deleted_there_at)],
    ].filter(Boolean);
  }

  function openReaction(message) {
    openDialog({ title: t('said.react'), t, forgets: true }, (close) => {
      const input = element('input', { required: true, autocomplete: 'off', maxlength: MOST_BYTES, class: 'emoji-field' });
      const submit = () => {
        const emoji = input.value.trim();
        if (!ONE.test(emoji) || bytesOf(emoji) > MOST_BYTES) throw { code: 'no_emoji' };
        model.say(message, 'react', emoji);
        close();
      };
      return [createForm({ action: t('said.react'), submit, t, place: 'said' }, labelled(t('said.emoji'), input, t('said.emoji_hint'))).form];
    });
  }

  function openDeletion(message) {
    const name = model.nameOf(message.from === model.self ? message.to : message.from);
    openDialog({ title: t('delete.title'), t, forgets: true }, (close) => {
      const choice = (whom) => button([element('b', {}, t(`delete.${whom}`)), hint(t(`delete.${whom}_means`, { name }))], () => {
        model.say(message, 'delete', whom);
        close();
      }, { class: 'choice' });
      return [element('p', { class: 'quote' }, isolated(line(message))), can(message).both && choice('both'), choice('me')].filter(Boolean);
    });
  }

  /** To be chosen from for a message. */
  function choices(message) {
    const { reply, edit, react, delete: remove } = can(message);
    const mine = message.reactions?.find(({ from }) => from.includes(model.self))?.emoji;
    const why = !message.event_id || entry()?.level === null ? '' : entry()?.e2e === false ? t('said.clear', { name: model.nameOf(model.current) }) : message.e2e === false && entry()?.e2e ? t('said.kept') : '';
    return {
      first: react && element('div', { class: 'emojis', role: 'group', 'aria-label': t('said.react') },
        OFFERED.map((emoji) => button(emoji, () => model.say(message, 'react', emoji === mine ? '' : emoji), { 'aria-pressed': String(emoji === mine) })),
        button(icon('smile'), () => openReaction(message), { 'aria-label': t('said.other'), title: t('said.other') })),
      before: [reply && button(t('said.reply'), () => model.begin('reply', message)), edit && button(t('said.edit'), () => model.begin('edit', message))],
      after: [remove && button(t('delete.open'), () => openDeletion(message), { class: 'danger-text' }), why && hint(why)],
    };
  }

  /** The same as long as the drawing of it is. */
  const signature = (message) => [message.edited_at, JSON.stringify(message.reactions), can(message).react, ...Object.values(answered(message) ?? {}).map((one) => one.event_id ?? one),
    ...(message.saying ?? []).flatMap(({ client_id, failed }) => [client_id, failed])];

  return { can, answered, quote, reactions, failures, lines, choices, signature };
}

/** Above the field where one types: what it answers, or which message gets other words. */
export function createSaying({ model, t, brief }, onCeased) {
  let drawn = '';
  const view = element('div', { class: 'saying', role: 'status', hidden: true });
  return {
    view,
    show(peer) {
      const saying = peer && model.saying(peer);
      const message = saying && model.told(peer, saying.event_id)?.message;
      const label = !saying ? '' : saying.what === 'edit' ? t('said.editing') : saying.from === model.self ? t('said.replying_own') : t('said.replying', { name: model.nameOf(saying.from) });
      const words = message ? brief(message, MOST_CHARACTERS) : '';
      view.hidden = !saying;
      if (drawn === `${peer} ${label} ${words}`) return message;
      drawn = `${peer} ${label} ${words}`;
      view.replaceChildren(...(saying ? [icon(saying.what), element('div', { class: 'quote' }, element('b', {}, label), element('span', { class: 'words' }, isolated(words))),
        button(icon('close'), onCeased, { class: 'icon-button', 'aria-label': t('said.cease'), title: t('said.cease') })] : []));
      return message;
    },
  };
}
