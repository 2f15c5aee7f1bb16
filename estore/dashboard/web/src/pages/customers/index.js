// Customers: the segments by revenue and by size, and how customers move between them.

import { nameBars, rowsHeight } from '../../charts/bars.js';
import { bubbles } from '../../charts/bubbles.js';
import { treemap } from '../../charts/treemap.js';
import { tabled } from '../../columns.js';
import { full, listed, share, short } from '../../numbers.js';
import { TYPE_COLORS, TYPE_NAMES } from '../../palette.js';
import { ratio, sum } from '../../ratio.js';
import { whole } from '../../view.js';
import { predictionCards } from './predictions.js';
import { transitionsCard } from './transitions.js';

const NOW = 'buyers by their segment at the as-of date';

const segments = (view) => view.rows('segments').filter(({ customer_count }) => customer_count);
const noBuyers = (view) => (segments(view).length ? null : 'No purchases yet, so there are no segments.');
const byRevenue = (view) => [...segments(view)].sort((a, b) => b.revenue_amount - a.revenue_amount);
const mean = (row) => ratio(row.revenue_amount, row.customer_count);
const shareOf = (row) => ({
  customers: ratio(row.customer_count, row.total_customer_count),
  revenue: ratio(row.revenue_amount, row.total_revenue_amount),
});

const typeLegend = (view, palette) =>
  Object.entries(TYPE_COLORS)
    .filter(([type]) => segments(view).some(({ category_type }) => category_type === type))
    .map(([type, color]) => ({ text: TYPE_NAMES[type], color: palette[color] }));

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
const segmentTable = (view) =>
  tabled(byRevenue(view), [
    [
      'Segment',
      'text',
      'rfm_segment',
      {
        mark: (row) =>
          TYPE_COLORS[view.rows('segments').find(({ rfm_segment }) => rfm_segment === row[0])?.category_type],
      },
    ],
    ['Kind', 'text', (row) => TYPE_NAMES[row.category_type] ?? row.category_type],
    ['Customers', 'count', 'customer_count'],
    ['Share', 'rate', (row) => shareOf(row).customers],
    ['Revenue', 'money', 'revenue_amount'],
    ['Share of revenue', 'rate', (row) => shareOf(row).revenue],
    ['Average', 'money', (row) => mean(row)],
    ['p25', 'money', 'p25_revenue_amount', { spare: true }],
    ['Median', 'money', 'median_revenue_amount', { spare: true }],
    ['p75', 'money', 'p75_revenue_amount', { spare: true }],
    ['Average order value', 'money', (row) => ratio(row.revenue_amount, row.order_count), { spare: true }],
    ['Orders each', 'amount', (row) => ratio(row.order_count, row.customer_count), { spare: true }],
    ['Sessions each', 'amount', (row) => ratio(row.session_count, row.customer_count), { spare: true }],
    ['Churned', 'rate', (row) => ratio(row.churned_count, row.customer_count)],
    ['Recommended action', 'text', 'recommended_action', { long: true }],
  ]);

export const cards = [
  {
    id: 'revenue-by-segment',
    query: 'segments',
    stacked: true,
    pixels: () => (innerWidth < 720 ? 620 : 480),
    title: () => 'Revenue by segment, with recommended actions',
    reading(view) {
      const [top] = byRevenue(view);
      return `${top.rfm_segment} are ${share(shareOf(top).customers, top.total_customer_count)} buyers and generated ${full(shareOf(top).revenue, 'rate')} of their revenue.`;
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
        inactive: 'graySoft',
      };
      const tiles = rows.map((row) => ({
        value: row.revenue_amount,
        name: row.rfm_segment,
        ground: palette[grounds[row.category_type] ?? 'graySoft'],
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
    title: () => 'Segment size and average revenue per customer',
    reading(view) {
      const rows = [...segments(view)].sort((a, b) => mean(b) - mean(a));
      return `From ${full(mean(rows[0]), 'money')} a customer (${rows[0].rfm_segment}) to ${full(mean(rows.at(-1)), 'money')} (${rows.at(-1).rfm_segment}).`;
    },
    period: whole,
    measured: `average revenue per customer of ${NOW}, by number of customers; area = revenue`,
    legend: typeLegend,
    empty: noBuyers,
    option(view, palette, { width, height }) {
      const rows = byRevenue(view);
      const points = rows.map((row) => ({
        name: row.rfm_segment,
        x: row.customer_count,
        y: mean(row),
        area: row.revenue_amount,
        color: palette[TYPE_COLORS[row.category_type] ?? 'gray'],
      }));
      return bubbles(palette, width, height, points, {
        x: { kind: 'count', name: 'customers' },
        y: { kind: 'money', name: 'average revenue' },
        tip: (index) => tip(rows[index]),
      });
    },
    table: (view) =>
      tabled(byRevenue(view), [
        ['Segment', 'text', 'rfm_segment'],
        ['Customers', 'count', 'customer_count'],
        ['Average revenue', 'money', (row) => mean(row)],
        ['Revenue', 'money', 'revenue_amount'],
      ]),
  },
  {
    id: 'share-of-customers-and-revenue',
    query: 'segments',
    width: 'half',
    pixels: (view) => rowsHeight(segments(view).length, 40),
    title: () => 'Share of customers and share of revenue',
    reading(view) {
      const more = byRevenue(view).filter((row) => shareOf(row).revenue > shareOf(row).customers);
      if (!more.length) return null;
      return `${listed(more.map(({ rfm_segment }) => rfm_segment))} generated more revenue than ${more.length === 1 ? 'its' : 'their'} share of customers: ${full(ratio(sum(more, 'revenue_amount'), more[0].total_revenue_amount), 'rate')} of revenue from ${full(ratio(sum(more, 'customer_count'), more[0].total_customer_count), 'rate')} of customers.`;
    },
    period: whole,
    measured: `share of all ${NOW}, and of their revenue`,
    legend: (view, palette) => [
      { text: 'share of customers', color: palette.gray },
      { text: 'share of revenue', color: palette.blue },
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
              color: palette.gray,
            },
            { value: shareOf(row).revenue, label: full(shareOf(row).revenue, 'rate'), color: palette.blue },
          ],
        })),
        { kind: 'rate', room: 52, tip: (index) => tip(rows[index]) },
      );
    },
    table: (view) =>
      tabled(byRevenue(view), [
        ['Segment', 'text', 'rfm_segment'],
        ['Customers', 'count', 'customer_count'],
        ['Share of customers', 'rate', (row) => shareOf(row).customers],
        ['Revenue', 'money', 'revenue_amount'],
        ['Share of revenue', 'rate', (row) => shareOf(row).revenue],
      ]),
  },
  {
    id: 'segments',
    query: 'segments',
    title: () => 'All segments',
    period: whole,
    measured: `${NOW}; churned = no order and no activity for the churned_days of shop.toml, ÷ customers of the segment; segments depend on recency, so a low rate for Champions follows from the definition`,
    empty: noBuyers,
    tableOnly: true,
    tall: true,
    stacked: true,
    table: segmentTable,
  },
  transitionsCard,
  ...predictionCards,
];
