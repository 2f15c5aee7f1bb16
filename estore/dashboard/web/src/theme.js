// Light, dark, or the system's theme; the browser remembers the choice.

import { h } from './element.js';

const KEY = 'estore-theme';
const NEXT = { auto: 'light', light: 'dark', dark: 'auto' };
const NAMES = { auto: '◐ Auto', light: '○ Light', dark: '● Dark' };
const root = document.documentElement;
let changed = () => {};

function remembered() {
  // Some browsers keep nothing for a file from disk.
  try {
    return localStorage.getItem(KEY) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function apply(theme) {
  if (theme === 'auto') delete root.dataset.theme;
  else root.dataset.theme = theme;
}

/** Take the remembered choice; `repaint` is called at each change. */
export function followTheme(repaint) {
  changed = repaint;
  apply(remembered());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => changed());
}

export function themeSwitch() {
  let theme = remembered();
  const button = h('button', { type: 'button', class: 'theme', onclick: turn });
  const label = () => {
    button.textContent = NAMES[theme];
    button.setAttribute('aria-label', `Colors: ${theme}. Change to ${NEXT[theme]}`);
  };
  function turn() {
    theme = NEXT[theme];
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Then the choice applies to this page only.
    }
    apply(theme);
    label();
    changed();
  }
  label();
  return button;
}
