// What all charts share: type, axes, tooltips. A tooltip is built of elements, so nothing in it is markup.

import { dayOfMonth, weekday, dayName } from '../days.js';
import { h } from '../element.js';
import { measuring } from '../lettering.js';
import { axisLabel } from '../numbers.js';

const SMALL = 12;

export const textOf = (palette, colour = palette.inkSoft) => ({
  color: colour,
  fontFamily: palette.font,
  fontSize: SMALL,
});

/** Room around the drawing, with that for the labels of a value axis and of days: numbers are abbreviated, so it is known. */
export const grid = (more = {}) => ({
  left: 50,
  right: 12,
  top: 12,
  bottom: 26,
  outerBoundsMode: 'none',
  ...more,
});

/** Names that fit; of "a › b" the last part alone where one has no room for both. */
export const fittingNames = (palette, names, most) =>
  namesRoom(palette, names, Infinity) <= most + 2
    ? names
    : names.map((name) => name.replace(/(^△ |^).* › /, '$1› '));

/** Room that names need, up to a most. */
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

/** Days along the bottom: every day, Mondays, every second of them or firsts of months are named, whatever has room. */
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
      lineStyle: { color: palette.grey, type: 'solid', width: 1 },
    },
    formatter(what) {
      const told = content(Array.isArray(what) ? what[0] : what);
      if (!told) return '';
      const [title, lines, note] = told;
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

/** Round ends for an axis that does not begin at zero. */
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

/** How an unfinished day is drawn: an outline, which promises nothing. */
export const hollow = (palette, colour) => ({
  color: palette.card,
  borderColor: colour,
  borderWidth: 1,
  borderType: 'dashed',
});

function without(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}
