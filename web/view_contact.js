// What one keeps of somebody for oneself: a nickname, muted, pinned, blocked; and their conversation deleted here.

import { announce, button, createForm, element, hint, icon, isolated, labelled, openDialog, problemLine, tell } from './dom.js';
import { cleanName, nameOf, plainName, shortId } from './text.js';
import { openSafety } from './view_safety.js';

const sign = (name, words) => element('span', { class: 'kept', role: 'img', 'aria-label': words, title: words }, icon(name));

/** Behind a name in the list. */
export const contactMarks = ({ pinned, muted }, t) => [pinned && sign('pin', t('contact.is_pinned')), muted && sign('mute', t('contact.is_muted'))];

/** What they call themselves, where the owner calls them otherwise. */
export const signedName = (entry, t) => (cleanName(entry.nickname ?? '') ? element('p', { class: 'sub' }, t('contact.signed'), ' ', isolated(plainName(entry) || shortId(entry))) : null);

/** In the place of the composer. */
export const blockedLine = ({ model, t }, entry) => [t('contact.blocked_line', { name: nameOf(entry) }), ' ',
  button(t('contact.unblock'), () => model.setContact(entry.node_id, { blocked: false }).catch((error) => tell(t.problem(error))))];

/** For the settings: who is blocked, and the way back. */
export function createBlocked({ model, t }) {
  const list = element('ul', { class: 'blocked' });
  const view = element('details', {}, element('summary', {}, t('contact.blocked_list')), list);
  const problem = problemLine();
  function draw() {
    const blocked = [...model.byPeer.values()].filter((entry) => entry.blocked);
    list.replaceChildren(...(blocked.length === 0 ? [element('li', { class: 'hint' }, t('contact.blocked_nobody'))]
      : blocked.map((entry) => element('li', {}, isolated(nameOf(entry), { class: 'name' }),
        button(t('contact.unblock'), async () => {
          problem.textContent = '';
          try {
            await model.setContact(entry.node_id, { blocked: false });
            announce(t('contact.unblocked', { name: nameOf(entry) }));
            draw();
            view.firstChild.focus(); // what was pressed is gone
          } catch (error) {
            problem.textContent = t.problem(error);
          }
        }, { 'aria-label': `${t('contact.unblock')} ${nameOf(entry)}` })))));
  }
  draw();
  view.append(problem);
  return view;
}

export function openContact(ui, { node_id }) {
  const { model, t } = ui;
  const entry = model.byPeer.get(node_id);
  const name = nameOf(entry);
  const problem = problemLine();

  const box = (key) => {
    const input = element('input', { type: 'checkbox', checked: entry[key], onchange: async () => {
      problem.textContent = '';
      try {
        input.checked = (await model.setContact(node_id, { [key]: input.checked }))[key];
      } catch (error) {
        input.checked = !input.checked;
        problem.textContent = t.problem(error);
      }
    } });
    const id = `contact-${key}`;
    input.setAttribute('aria-describedby', id);
    return element('div', { class: 'field switch' }, element('label', {}, input, ` ${t(`contact.${key}`)}`), element('p', { class: 'hint', id }, t(`contact.${key}_hint`)));
  };

  openDialog({ title: name, t, forgets: true }, (close) => {
    const nickname = element('input', { maxlength: 64, autocomplete: 'off', value: entry.nickname });
    const naming = createForm({ action: t('contact.keep'), submit: async () => {
      nickname.value = (await model.setContact(node_id, { nickname: nickname.value.trim() })).nickname;
      announce(t('name.kept'));
    }, t, place: 'contact' }, labelled(t('contact.nickname'), nickname, t('contact.nickname_hint')));
    const clearing = createForm({ action: t('contact.clear'), danger: true, submit: async () => {
      const { messages } = await model.clear(node_id);
      close();
      tell(t('contact.cleared', { count: messages }));
    }, t }, hint(t('contact.clear_hint', { name })));
    return [
      element('p', { class: 'sub' }, t('contact.signed'), ' ', isolated(plainName(entry) || '–', { class: 'name' })),
      element('p', { class: 'sub' }, element('code', { title: node_id }, shortId(entry))),
      naming.form, box('pinned'), box('muted'), box('blocked'), problem,
      entry.level !== null && element('div', { class: 'actions' }, button(t('safety.open'), () => { close(); openSafety(ui, entry); })),
      element('details', {}, element('summary', {}, t('contact.clear_open')), clearing.form),
    ].filter(Boolean);
  });
}
