// One number a day: bars, their 7-day average, and marks on unusual days.

import { short } from '../numbers.js';
import { marked } from './marks.js';
import { dayAxis, grid, hollow, roundEnds, textOf, tooltip, valueAxis } from './parts.js';

/** Among so many days a few may be cut off, and only where they are this many times as high as the next. */
const [FEWEST, SHARE, TIMES] = [20, 0.03, 4];

/**
 * The top of the axis so that a few days do not flatten all others.
 * @param {(number | null)[]} values
 * @returns {number | null} null where nothing has to be cut off
 */
export function cutAt(values) {
  const known = values.filter((value) => value > 0).sort((a, b) => b - a);
  if (known.length < FEWEST) return null;
  for (let cut = Math.ceil(known.length * SHARE); cut > 0; cut--)
    if (known[cut - 1] > TIMES * known[cut]) return roundEnds(0, known[cut]).max;
  return null;
}

/** A bar that continues beyond the axis fades out at its top. */
const fading = (palette) => ({
  type: 'linear',
  x: 0,
  y: 0,
  x2: 0,
  y2: 1,
  colorStops: [
    { offset: 0, color: palette.card },
    { offset: 0.2, color: palette.blue },
    { offset: 1, color: palette.blue },
  ],
});

/**
 * @param {{day: string, value: number | null, isComplete: boolean, isStrange?: boolean, hasAlert?: boolean}[]} days
 * @param {{kind: any, means?: (number | null)[], top?: number | null, tip: (index: number) => any}} how top: higher days are cut off there and labeled with their number
 */
export function dayBars(palette, width, days, { kind, means, top = null, tip }) {
  const isCut = (value) => top !== null && value > top;
  const drawn = (value) => (isCut(value) ? top : value);
  const bars = days.map(({ value, isComplete, isStrange }) => ({
    value: drawn(value),
    itemStyle: isCut(value)
      ? { color: fading(palette) }
      : isComplete
        ? { color: isStrange ? palette.orange : palette.blue, opacity: means && !isStrange ? 0.55 : 1 }
        : hollow(palette, palette.gray),
  }));
  const each = (width - 62) / days.length;
  /** On the highest of the days that share a mark. */
  const marks = (has, symbol, color) =>
    marked(days.map(has), each).map((shared) => {
      const { day, value } = shared
        .map((index) => days[index])
        .reduce((high, one) => ((one.value ?? 0) > (high.value ?? 0) ? one : high));
      const itemStyle = { color, opacity: 1, borderColor: palette.card, borderWidth: 1 };
      return { value: [day, drawn(value) ?? 0], symbol, itemStyle };
    });
  return {
    grid: grid({ top: 22 }),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex)),
    xAxis: dayAxis(
      palette,
      days.map(({ day }) => day),
      width,
    ),
    yAxis: valueAxis(palette, kind, top === null ? {} : { max: top }),
    series: [
      { type: 'bar', data: bars, barCategoryGap: days.length > 60 ? '15%' : '25%', barMaxWidth: 40 },
      ...(means
        ? [
            {
              type: 'line',
              data: means,
              symbol: 'none',
              smooth: false,
              lineStyle: { color: palette.blue, width: 2 },
              silent: true,
              z: 3,
            },
          ]
        : []),
      {
        type: 'scatter',
        data: [
          ...marks(({ isStrange, hasAlert }) => isStrange && !hasAlert, 'diamond', palette.orange),
          ...marks(({ hasAlert }) => hasAlert, 'triangle', palette.purple),
        ],
        symbolSize: 10,
        symbolOffset: [0, -9],
        silent: true,
        z: 4,
      },
      {
        type: 'scatter',
        symbolSize: 0,
        data: days.flatMap(({ day, value }, index) =>
          isCut(value)
            ? {
                value: [day, top],
                label: {
                  show: true,
                  position: index < days.length / 2 ? 'right' : 'left',
                  distance: 8,
                  formatter: `${short(value, kind)} ↑`,
                  ...textOf(palette, palette.ink),
                },
              }
            : [],
        ),
        silent: true,
        z: 4,
      },
    ],
  };
}

/** Average of a day and the six before, where all seven are complete. */
export function sevenDayMeans(days) {
  return days.map((_, index) => {
    const week = days.slice(index - 6, index + 1);
    if (index < 6 || !week.every(({ isComplete, value }) => isComplete && value !== null)) return null;
    return week.reduce((total, { value }) => total + value, 0) / 7;
  });
}

/** Days of a month as bars, those of the month before as a line over them, by day of the month. */
export function monthBars(palette, now, before, tip) {
  const days = Array.from({ length: Math.max(now.length, before.length) }, (_, index) => String(index + 1));
  return {
    grid: grid(),
    tooltip: tooltip(palette, ({ dataIndex }) => tip(dataIndex)),
    xAxis: {
      type: 'category',
      data: days,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.line } },
      axisLabel: {
        ...textOf(palette, palette.inkFaint),
        interval: (index) => index === 0 || (index + 1) % 5 === 0,
      },
    },
    yAxis: valueAxis(palette, 'money'),
    series: [
      {
        type: 'bar',
        barCategoryGap: '25%',
        data: now.map(({ revenue_amount, isComplete }) => ({
          value: revenue_amount,
          itemStyle: isComplete ? { color: palette.blue, opacity: 0.55 } : hollow(palette, palette.gray),
        })),
      },
      // An incomplete day is a gap in the line.
      {
        type: 'line',
        data: days.map((_, index) => (before[index]?.isComplete ? before[index].revenue_amount : null)),
        symbol: 'circle',
        symbolSize: 4,
        showAllSymbol: true,
        itemStyle: { color: palette.ink },
        lineStyle: { color: palette.ink, width: 1.25 },
        z: 3,
      },
    ],
  };
}
