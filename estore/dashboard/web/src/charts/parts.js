// Shared by all charts: fonts, axes, tooltips. A tooltip is built from elements, so no value becomes markup.

import { dayOfMonth, weekday, dayName } from '../days.js';
import { h } from '../element.js';
import { measuring } from '../lettering.js';
import { axisLabel } from '../numbers.js';

const SMALL = 12;

export const textOf = (palette, color = palette.inkSoft) => ({
  color,
  fontFamily: palette.font,
  fontSize: SMALL,
});

/** Margins with space for the labels of a value axis and of days: numbers are abbreviated, so the size is known. */
export const grid = (more = {}) => ({
  left: 50,
  right: 12,
  top: 12,
  bottom: 26,
  outerBoundsMode: 'none',
  ...more,
});

/** Names that fit; for "a › b" only the last part where there is no space for both. */
export const fittingNames = (palette, names, most) =>
  namesRoom(palette, names, Infinity) <= most + 2
    ? names
    : names.map((name) => name.replace(/(^△ |^).* › /, '$1› '));

/** Space that names need, up to a maximum. */
export function namesRoom(palette, names, most) {
  const context = measuring(`${SMALL}px ${palette.font}`);
  return Math.min(most, Math.ceil(Math.max(0, ...names.map((name) => context.measureText(name).width))) + 2);
}

export function valueAxis(palette, kind, more = {}) {
  return {
    type: 'value',
    splitNumber: 4,
    axisLabel: {
      ...textOf(palette, palette.inkFaint),
      formatter: (value) => axisLabel(value, kind, more.interval),
    },
    splitLine: { lineStyle: { color: palette.line } },
    axisLine: { show: false },
    axisTick: { show: false },
    ...more,
  };
}

export function nameAxis(palette, names, more = {}) {
  return {
    type: 'category',
    data: names,
    axisLabel: { ...textOf(palette), interval: 0, overflow: 'truncate', width: 130, ...more.axisLabel },
    axisLine: { show: false },
    axisTick: { show: false },
    ...without(more, 'axisLabel'),
  };
}

/** Days along the bottom: labels on every day, Mondays, every second Monday or firsts of months, as space allows. */
export function dayAxis(palette, days, width, more = {}) {
  const room = Math.max(3, Math.floor(width / 64));
  const mondays = days.filter((day) => weekday(day) === 'Mon');
  const everySecond = new Set(mondays.filter((_, index) => index % 2 === 0));
  const chosen = [
    () => true,
    (day) => weekday(day) === 'Mon',
    (day) => everySecond.has(day),
    (day) => dayOfMonth(day) === 1,
  ].find((rule) => days.filter(rule).length <= room);
  const every = Math.ceil(days.length / room);
  const isNamed =
    chosen && days.some(chosen) ? (index) => chosen(days[index]) : (index) => index % every === 0;
  return {
    type: 'category',
    data: days,
    axisLabel: {
      ...textOf(palette, palette.inkFaint),
      interval: (index) => isNamed(index),
      formatter: (day) => dayName(day),
    },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: palette.line } },
    ...more,
  };
}

/**
 * A tooltip of the library: `content` gives [title, [[name, value], …], note] of what is pointed at.
 * @param {(what: any) => [string, [string, string][], (string | null)?] | null} content
 */
export function tooltip(palette, content, trigger = 'axis') {
  return {
    trigger,
    confine: true,
    transitionDuration: 0,
    backgroundColor: palette.card,
    borderColor: palette.line,
    padding: [8, 12],
    extraCssText: 'box-shadow: 0 4px 16px rgb(0 0 0 / 14%); border-radius: 8px;',
    axisPointer: {
      type: trigger === 'axis' ? 'line' : 'none',
      lineStyle: { color: palette.gray, type: 'solid', width: 1 },
    },
    formatter(what) {
      const shown = content(Array.isArray(what) ? what[0] : what);
      if (!shown) return '';
      const [title, lines, note] = shown;
      return h(
        'div',
        { class: 'tip' },
        h('b', {}, title),
        h(
          'dl',
          {},
          lines.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
        ),
        note ? h('p', {}, note) : null,
      );
    },
  };
}

/** Round limits for an axis that does not start at zero. */
export function roundEnds(low, high) {
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const interval = [1, 2, 2.5, 5, 10].map((step) => step * unit).find((step) => step >= rough);
  const tidy = (value) => Number(value.toPrecision(12));
  return {
    min: tidy(Math.floor(low / interval) * interval),
    max: tidy(Math.ceil(high / interval) * interval),
    interval: tidy(interval),
  };
}

/** A line across at a value, named at its end. */
export function markLine(palette, value, label, position = 'end') {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: palette.inkSoft, type: 'dashed', width: 1 },
    label: { ...textOf(palette), formatter: label, position, distance: 4 },
    data: [{ yAxis: value }],
  };
}

/** The style of an unfinished day: an outline. */
export const hollow = (palette, color) => ({
  color: palette.card,
  borderColor: color,
  borderWidth: 1,
  borderType: 'dashed',
});

function without(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}
