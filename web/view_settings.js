// What somebody chooses for this browser: language, colours, notifications, sound.

import { labelled, openDialog, select } from './dialog.js';
import { element } from './dom.js';
import { settings } from './keep.js';
import { askPermission, chime } from './notify.js';
import { openIdentity } from './view_invite.js';

export function openSettings(ui) {
  const { model, t, applyTheme } = ui;
  openDialog({ title: t('settings.title'), close: t('close') }, () => {
    const now = settings.get();
    const language = select([['auto', t('settings.auto')], ['de', 'Deutsch'], ['en', 'English']], now.language);
    const theme = select([['auto', t('settings.auto')], ['light', t('settings.light')], ['dark', t('settings.dark')]], now.theme);
    const problem = element('p', { class: 'problem', role: 'alert' });
    const box = (name, label, hint, onChange) => {
      const input = element('input', { type: 'checkbox', checked: now[name] });
      input.addEventListener('change', async () => {
        problem.textContent = '';
        input.checked = input.checked && await onChange();
        settings.set({ [name]: input.checked });
      });
      return element('div', { class: 'field box' }, element('label', {}, input, ` ${label}`), element('p', { class: 'hint' }, hint));
    };
    language.addEventListener('change', () => { settings.set({ language: language.value }); location.reload(); });
    theme.addEventListener('change', () => { settings.set({ theme: theme.value }); applyTheme(); });
    return [
      labelled(t('settings.language'), language), labelled(t('settings.theme'), theme),
      box('notifications', t('settings.notifications'), t('settings.notifications_hint'), async () => {
        const granted = await askPermission();
        if (!granted) problem.textContent = t('settings.notifications_denied');
        return granted;
      }),
      box('sound', t('settings.sound'), t('settings.sound_hint'), async () => { chime(); return true; }),
      problem,
      element('div', { class: 'actions' }, element('button', { type: 'button', onclick: () => openIdentity(ui) }, t('identity.title'))),
      element('p', { class: 'hint version' }, `Hearthchat ${model.node.version} · ${model.node.short_id}`),
    ];
  });
}
