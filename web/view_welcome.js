// First start: create a community, or be invited into one.

import { api } from './api.js';
import { copyText, element, qrCode } from './dom.js';

function form(title, hint, fields, action, submit) {
  const problem = element('p', { class: 'problem', role: 'alert' });
  const button = element('button', { class: 'primary', type: 'submit' }, action);
  return element('form', {
    class: 'card',
    onsubmit: async (event) => {
      event.preventDefault();
      problem.textContent = '';
      button.disabled = true;
      try {
        await submit();
      } catch (error) {
        problem.textContent = error.message;
      }
      button.disabled = false;
    },
  }, element('h2', {}, title), element('p', { class: 'hint' }, hint), ...fields, problem, button);
}

export function welcome(node, onReady) {
  const name = element('input', { id: 'community-name', required: true, maxlength: 64, autocomplete: 'off' });
  const invite = element('textarea', { id: 'invite', required: true, rows: 4, spellcheck: 'false' });
  const copy = element('button', { type: 'button', onclick: () => copyText(node.id_text, copy) }, 'Copy my id');
  return element('div', { class: 'welcome' },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }), element('h1', {}, 'Welcome to the hearth')),
    element('p', {}, 'A chat for your neighbourhood that needs no internet. You are in no community yet: start one, or join your neighbours.'),
    element('div', { class: 'cards' },
      form('Create a community', 'You can invite your neighbours right after.',
        [element('label', { for: 'community-name' }, 'Its name'), name], 'Create',
        async () => { await api.createCommunity(name.value.trim()); onReady(); }),
      form('Join with an invite', 'Paste the text that a neighbour made for this device.',
        [element('label', { for: 'invite' }, 'Invite'), invite], 'Join',
        async () => { await api.join(invite.value.trim()); onReady(); }),
      element('section', { class: 'card' }, element('h2', {}, 'My id'),
        element('p', { class: 'hint' }, 'Show or send this to the neighbour who invites you. It is public.'),
        qrCode(node.id_text, 'QR code of this device\'s id'), element('div', { class: 'code' }, node.id_text), copy)));
}
