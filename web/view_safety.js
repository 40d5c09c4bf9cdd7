// Who is it: the safety number that two people compare, and the mark at a name that says that they did.

import { button, element, hint, icon, openDialog, problemLine } from './dom.js';
import { qrAddress } from './node.js';
import { createScanButtons } from './qr.js';
import { nameOf } from './text.js';

const sign = (name, words) => element('span', { class: name, role: 'img', 'aria-label': words, title: words }, icon(name));

/** Behind a name. It is a drawing, so that no name can have it. */
export const verifiedMark = (entry, t) => (entry?.verified ? [' ', sign('verified', t('safety.verified'))] : []);

/** At a message that every member can read, amid others that they can't. */
export const openLock = (t) => sign('unlocked', t('e2e.clear'));

const groups = (digits) => digits.match(/\d{5}/g).map((group) => element('span', {}, group, ' '));

export function openSafety({ model, t, format }, entry) {
  const { node_id } = entry;
  const name = nameOf(entry);
  openDialog({ title: t('safety.title', { name }), t, forgets: true }, () => {
    const problem = problemLine();
    const body = element('div', { 'aria-busy': 'true' }, hint(t('safety.hint', { name })), element('div', { class: 'safety waiting' }), problem);
    const state = element('p', { class: 'standing', role: 'status', tabindex: -1 });

    async function act(ask) {
      problem.textContent = '';
      body.setAttribute('aria-busy', 'true');
      try {
        draw(await ask());
        return true;
      } catch (error) {
        problem.textContent = t.problem(error, 'safety');
        if (error.code === 'safety_number_mismatch') body.querySelector('.primary')?.classList.remove('primary'); // that is what not to press now
        problem.scrollIntoView({ block: 'center' });
        return false;
      } finally {
        body.removeAttribute('aria-busy');
      }
    }

    const mark = async (wish) => {
      if (await act(() => model.verify(node_id, wish))) state.focus(); // what was pressed is gone
    };

    function draw({ digits, qr_text, verified_at }) {
      const words = verified_at ? t('safety.since', { at: format.full(verified_at) }) : t('safety.hint', { name });
      state.className = verified_at ? 'standing verified' : 'standing';
      state.replaceChildren(verified_at ? icon('verified') : '', words);
      body.replaceChildren(state,
        element('p', { class: 'safety', dir: 'ltr', 'aria-label': t('safety.open'), role: 'group' }, groups(digits)),
        element('img', { class: 'qr', alt: t('qr.of', { what: t('safety.open') }), src: qrAddress(qr_text) }),
        ...(verified_at ? [problem, element('div', { class: 'actions' }, button(t('safety.withdraw'), () => mark({ verified: false })))]
          : [hint(t('safety.scan', { name })), createScanButtons(t, { prefixes: ['hearthnet-verify://'], onFound: (text) => mark({ qr_text: text }) }), problem,
            element('div', { class: 'actions' }, button(t('safety.same'), () => mark({ verified: true }), { class: 'primary' }))]));
    }

    act(() => model.safety(node_id));
    return [body];
  });
}
