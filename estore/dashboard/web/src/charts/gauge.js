// A value against a target on a half circle; the target is a line with its number.

import { full, short } from '../numbers.js';

export function gauge(palette, width, height, { value, target, kind, label }) {
  const top = Math.max(value ?? 0, target) * 1.25;
  const nice = [1, 2, 2.5, 5, 10]
    .map((step) => step * 10 ** Math.floor(Math.log10(top)))
    .find((step) => step >= top);
  const radius = Math.min(width / 2 - 40, height - 52);
  const arc = {
    startAngle: 180,
    endAngle: 0,
    center: ['50%', Math.min(height - 40, (height + radius) / 2 - 4)],
    radius,
    min: 0,
    max: nice,
    pointer: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: { show: false },
    title: { show: false },
    silent: true,
  };
  return {
    series: [
      {
        ...arc,
        type: 'gauge',
        splitNumber: 1,
        axisLabel: {
          show: true,
          distance: -34,
          formatter: (end) => `{end|${short(end, kind)}}`,
          rich: {
            end: { padding: [44, 0, 0, 0], color: palette.inkFaint, fontFamily: palette.font, fontSize: 12 },
          },
        },
        axisLine: { lineStyle: { width: 18, color: [[1, palette.unknown]] } },
        progress: {
          show: value !== null,
          width: 18,
          itemStyle: { color: value !== null && value >= target ? palette.blue : palette.orange },
        },
        detail: {
          offsetCenter: [0, -16],
          formatter: () => full(value, kind),
          color: palette.ink,
          fontFamily: palette.font,
          fontSize: 28,
          fontWeight: 600,
        },
        title: {
          show: true,
          offsetCenter: [0, 14],
          color: palette.inkSoft,
          fontFamily: palette.font,
          fontSize: 12,
        },
        data: [{ value: value ?? 0, name: label }],
      },
      {
        ...arc,
        type: 'gauge',
        z: 5,
        axisLine: { show: false },
        detail: { show: false },
        pointer: {
          show: true,
          icon: 'rect',
          width: 2.5,
          length: 26,
          offsetCenter: [0, -(radius - 22)],
          itemStyle: { color: palette.ink },
        },
        anchor: { show: false },
        data: [{ value: target }],
      },
    ],
  };
}
