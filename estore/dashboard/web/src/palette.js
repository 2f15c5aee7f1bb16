// The colors of charts, read from the style sheet, which is the one place that has them.

const NAMES = [
  'page',
  'card',
  'line',
  'ink',
  'ink-soft',
  'ink-faint',
  'gray',
  'unknown',
  'blue',
  'orange',
  'green',
  'purple',
  'blue-soft',
  'orange-soft',
  'green-soft',
  'gray-soft',
];

export const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
};

/** @returns {Record<string, string>} colors by name, in camel case, and the font */
export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const side = isDark() ? 2 : 1;
  const colors = NAMES.map((name) => [
    name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()),
    /light-dark\((#\w+),\s*(#\w+)\)/.exec(style.getPropertyValue(`--${name}`))[side],
  ]);
  return { ...Object.fromEntries(colors), font: style.getPropertyValue('--font').trim() };
}

/** Color of a segment by its type; its name is always shown with it. */
export const TYPE_COLORS = { high_value: 'blue', growth: 'green', at_risk: 'orange', inactive: 'gray' };
export const TYPE_NAMES = {
  high_value: 'high value',
  growth: 'growth',
  at_risk: 'at risk',
  inactive: 'inactive',
};

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** A color between two, at 0 to 1. */
export function between(from, to, at) {
  const [a, b] = [channels(from), channels(to)];
  return `#${a
    .map((value, index) =>
      Math.round(value + (b[index] - value) * at)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

function luminance(hex) {
  const [red, green, blue] = channels(hex).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two colors after WCAG 2: 1 to 21. */
export function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** The first ink that reads well on a ground; between light and dark only black or white do. */
export const inkOn = (ground, inks) =>
  inks.find((ink) => contrast(ground, ink) >= 4.5) ?? (luminance(ground) > 0.179 ? 'black' : 'white');
