// Inviting a neighbour: their id in, an invite out.

import { api } from './api.js';
import { copyText, element, qrCode } from './dom.js';

export function openInviteDialog() {
  const id = element('textarea', { id: 'invitee', rows: 3, required: true, spellcheck: 'false', placeholder: 'hearthnet-id://… or ed25519:…' });
  const name = element('input', { id: 'invitee-name', maxlength: 64, autocomplete: 'off' });
  const problem = element('p', { class: 'problem', role: 'alert' });
  const result = element('div', {});
  const make = element('button', { class: 'primary', type: 'submit' }, 'Make the invite');
  const close = element('button', { type: 'button', onclick: () => dialog.close() }, 'Close');

  async function submit(event) {
    event.preventDefault();
    problem.textContent = '';
    const invitation = { invitee_node_id: id.value.trim() };
    if (name.value.trim()) invitation.display_name = name.value.trim();
    try {
      const { invite, expires_at } = await api.invite(invitation);
      const copy = element('button', { type: 'button', onclick: () => copyText(invite, copy) }, 'Copy the invite');
      result.replaceChildren(
        element('p', {}, `Give this to your neighbour. It works for that one device, until ${new Date(expires_at).toLocaleString()}.`),
        qrCode(invite, 'QR code of the invite'), element('div', { class: 'code' }, invite), copy);
      result.scrollIntoView({ block: 'start' });
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  const dialog = element('dialog', { 'aria-labelledby': 'invite-title', onclose: () => dialog.remove() },
    element('form', { onsubmit: submit }, element('h2', { id: 'invite-title' }, 'Invite a neighbour'),
      element('p', { class: 'hint' }, 'Ask for the id that their device shows on its first page.'),
      element('label', { for: 'invitee' }, 'Their id'), id,
      element('label', { for: 'invitee-name' }, 'Their name (if you like)'), name, problem,
      element('div', { class: 'row' }, close, make)), result);
  document.body.append(dialog);
  dialog.showModal();
}
