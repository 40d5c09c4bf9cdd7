// Telling somebody who looks elsewhere: a number in the title, a notification, a sound.

import { settings } from './keep.js';
import { visible } from './text.js';

const MOST_CHARACTERS = 200;

/** Two soft notes, made here: there is no file to load. */
export function chime() {
  const audio = new AudioContext();
  [523.25, 659.25].forEach((frequency, index) => {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + index * 0.12;
    note.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
    note.connect(volume).connect(audio.destination);
    note.start(at);
    note.stop(at + 0.55);
    if (index === 1) note.onended = () => audio.close();
  });
}

export async function askPermission() {
  if (!('Notification' in window)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

export function startNotifying({ model, t, show }) {
  function updateTitle() {
    const { unread } = model;
    document.title = `${unread ? `(${unread}) ` : ''}${model.node.community_name} – Hearthchat`;
    if (unread) navigator.setAppBadge?.(unread).catch(() => {});
    else navigator.clearAppBadge?.().catch(() => {});
  }

  function tell(message) {
    if (model.watching && model.current === message.from) return;
    const { notifications, sound } = settings.get();
    if (sound) chime();
    if (!notifications || !('Notification' in window) || Notification.permission !== 'granted') return;
    const body = visible(message.body).slice(0, MOST_CHARACTERS) || message.attachments.map(({ name }) => name).join(', ');
    try {
      const notification = new Notification(model.nameOf(message.from), { body, tag: message.from, icon: 'icon-192.png' });
      notification.addEventListener('click', () => {
        window.focus();
        show(message.from);
        notification.close();
      });
    } catch {
      // Some browsers have them for installed pages alone.
    }
  }

  model.subscribe((what, detail) => {
    if (what === 'arrival') tell(detail);
    if (['conversations', 'conversation', 'current'].includes(what)) updateTitle();
  });
}
