// Customers: the segments by what they bring, by how many they are, and how customers move between them.

import { nameBars, rowsHeight } from '../charts/bars.js';
import { bubbles } from '../charts/bubbles.js';
import { treemap } from '../charts/treemap.js';
import { full, listed, share, short } from '../numbers.js';
import { TYPE_COLOURS, TYPE_NAMES } from '../palette.js';
import { ratio, sum } from '../ratio.js';
import { whole } from '../view.js';
import { movesCard } from './moves.js';

const NOW = 'buyers by their segment at the as-of date';

const segments = (view) => view.rows('segments').filter(({ customer_count }) => customer_count);
const noBuyers = (view) =>
  segments(view).length ? null : 'Nobody has bought yet, so there are no segments.';
const byRevenue = (view) => [...segments(view)].sort((a, b) => b.revenue_amount - a.revenue_amount);
const mean = (row) => ratio(row.revenue_amount, row.customer_count);
const shareOf = (row) => ({
  customers: ratio(row.customer_count, row.total_customer_count),
  revenue: ratio(row.revenue_amount, row.total_revenue_amount),
});

const typeLegend = (view, palette) =>
  Object.entries(TYPE_COLOURS)
    .filter(([type]) => segments(view).some(({ category_type }) => category_type === type))
    .map(([type, colour]) => ({ text: TYPE_NAMES[type], colour: palette[colour] }));

const tip = (row) => [
  row.rfm_segment,
  [
    ['Customers', `${full(row.customer_count, 'count')} (${full(shareOf(row).customers, 'rate')})`],
    ['Revenue', `${full(row.revenue_amount, 'money')} (${full(shareOf(row).revenue, 'rate')})`],
    ['Average', full(mean(row), 'money')],
    ['Median', full(row.median_revenue_amount, 'money')],
    ['Orders each', full(ratio(row.order_count, row.customer_count), 'amount')],
  ],
  row.recommended_action,
];

/** Segments as rows of the table: every number that metrics_rfm_segments has. */
const segmentTable = (view) => ({
  columns: [
    {
      name: 'Segment',
      kind: 'text',
      mark: (row) =>
        TYPE_COLOURS[view.rows('segments').find(({ rfm_segment }) => rfm_segment === row[0])?.category_type],
    },
    { name: 'Kind', kind: 'text' },
    { name: 'Customers', kind: 'count' },
    { name: 'Share', kind: 'rate' },
    { name: 'Revenue', kind: 'money' },
    { name: 'Share of revenue', kind: 'rate' },
    { name: 'Average', kind: 'money' },
    { name: 'p25', kind: 'money', spare: true },
    { name: 'Median', kind: 'money', spare: true },
    { name: 'p75', kind: 'money', spare: true },
    { name: 'Average order', kind: 'money', spare: true },
    { name: 'Orders each', kind: 'amount', spare: true },
    { name: 'Sessions each', kind: 'amount', spare: true },
    { name: 'Churned', kind: 'rate' },
    { name: 'What to do', kind: 'text', long: true },
  ],
  rows: byRevenue(view).map((row) => [
    row.rfm_segment,
    TYPE_NAMES[row.category_type] ?? row.category_type,
    row.customer_count,
    shareOf(row).customers,
    row.revenue_amount,
    shareOf(row).revenue,
    mean(row),
    row.p25_revenue_amount,
    row.median_revenue_amount,
    row.p75_revenue_amount,
    ratio(row.revenue_amount, row.order_count),
    ratio(row.order_count, row.customer_count),
    ratio(row.session_count, row.customer_count),
    ratio(row.churned_count, row.customer_count),
    row.recommended_action,
  ]),
});

export const cards = [
  {
    id: 'revenue-by-segment',
    query: 'segments',
    stacked: true,
    pixels: () => (innerWidth < 720 ? 620 : 480),
    title: () => 'Revenue by customer segment, with what to do',
    reading(view) {
      const [top] = byRevenue(view);
      return `${top.rfm_segment} are ${share(shareOf(top).customers, top.total_customer_count)} buyers and bring ${full(shareOf(top).revenue, 'rate')} of their revenue.`;
    },
    period: whole,
    measured: `revenue to date of ${NOW}; area = revenue`,
    legend: typeLegend,
    empty: noBuyers,
    option(view, palette, { width, height }) {
      const rows = byRevenue(view).filter(({ revenue_amount }) => revenue_amount > 0);
      const grounds = {
        high_value: 'blueSoft',
        growth: 'greenSoft',
        at_risk: 'orangeSoft',
        inactive: 'greySoft',
      };
      const tiles = rows.map((row) => ({
        value: row.revenue_amount,
        name: row.rfm_segment,
        ground: palette[grounds[row.category_type] ?? 'greySoft'],
        ink: palette.ink,
        figure: short(row.revenue_amount, 'money'),
        lines: [
          `${full(shareOf(row).revenue, 'rate')} of revenue`,
          `${short(row.customer_count, 'count')} customers · ${full(shareOf(row).customers, 'rate')}`,
          `${short(mean(row), 'money')} each`,
          `${row.recommended_action}.`,
        ],
      }));
      return treemap(palette, width, height, tiles, (index) => tip(rows[index]));
    },
    table: segmentTable,
  },
  {
    id: 'value-against-number',
    query: 'segments',
    width: 'half',
    height: 'l',
    title: () => 'How many they are, and what each brings',
    reading(view) {
      const rows = [...segments(view)].sort((a, b) => mean(b) - mean(a));
      return `From ${full(mean(rows[0]), 'money')} a customer (${rows[0].rfm_segment}) to ${full(mean(rows.at(-1)), 'money')} (${rows.at(-1).rfm_segment}).`;
    },
    period: whole,
    measured: `average revenue of ${NOW} against their number; area = revenue`,
    legend: typeLegend,
    empty: noBuyers,
    option(view, palette, { width, height }) {
      const rows = byRevenue(view);
      const points = rows.map((row) => ({
        name: row.rfm_segment,
        x: row.customer_count,
        y: mean(row),
        area: row.revenue_amount,
        colour: palette[TYPE_COLOURS[row.category_type] ?? 'grey'],
      }));
      return bubbles(palette, width, height, points, {
        x: { kind: 'count', name: 'customers' },
        y: { kind: 'money', name: 'average revenue' },
        tip: (index) => tip(rows[index]),
      });
    },
    table: (view) => ({
      columns: [
        { name: 'Segment', kind: 'text' },
        { name: 'Customers', kind: 'count' },
        { name: 'Average revenue', kind: 'money' },
        { name: 'Revenue', kind: 'money' },
      ],
      rows: byRevenue(view).map((row) => [
        row.rfm_segment,
        row.customer_count,
        mean(row),
        row.revenue_amount,
      ]),
    }),
  },
  {
    id: 'share-of-customers-and-revenue',
    query: 'segments',
    width: 'half',
    pixels: (view) => rowsHeight(segments(view).length, 40),
    title: () => 'Share of customers beside share of revenue',
    reading(view) {
      const more = byRevenue(view).filter((row) => shareOf(row).revenue > shareOf(row).customers);
      if (!more.length) return null;
      return `${listed(more.map(({ rfm_segment }) => rfm_segment))} bring${more.length === 1 ? 's' : ''} more than ${more.length === 1 ? 'its' : 'their'} share: ${full(ratio(sum(more, 'revenue_amount'), more[0].total_revenue_amount), 'rate')} of revenue from ${full(ratio(sum(more, 'customer_count'), more[0].total_customer_count), 'rate')} of customers.`;
    },
    period: whole,
    measured: `of all ${NOW}, and of their revenue`,
    legend: (view, palette) => [
      { text: 'share of customers', colour: palette.grey },
      { text: 'share of revenue', colour: palette.blue },
    ],
    empty: noBuyers,
    option(view, palette, { width }) {
      const rows = byRevenue(view);
      return nameBars(
        palette,
        width,
        rows.map((row) => ({
          name: row.rfm_segment,
          values: [
            {
              value: shareOf(row).customers,
              label: full(shareOf(row).customers, 'rate'),
              colour: palette.grey,
            },
            { value: shareOf(row).revenue, label: full(shareOf(row).revenue, 'rate'), colour: palette.blue },
          ],
        })),
        { kind: 'rate', room: 52, tip: (index) => tip(rows[index]) },
      );
    },
    table: (view) => ({
      columns: [
        { name: 'Segment', kind: 'text' },
        { name: 'Customers', kind: 'count' },
        { name: 'Share of customers', kind: 'rate' },
        { name: 'Revenue', kind: 'money' },
        { name: 'Share of revenue', kind: 'rate' },
      ],
      rows: byRevenue(view).map((row) => [
        row.rfm_segment,
        row.customer_count,
        shareOf(row).customers,
        row.revenue_amount,
        shareOf(row).revenue,
      ]),
    }),
  },
  {
    id: 'segments',
    query: 'segments',
    title: () => 'All segments in numbers',
    period: whole,
    measured: `${NOW}; churned = no order and no activity for the churned_days of shop.toml, ÷ customers of the segment; segments are cut by recency, so it is no finding that Champions have none`,
    empty: noBuyers,
    tableOnly: true,
    tall: true,
    stacked: true,
    table: segmentTable,
  },
  movesCard,
];
