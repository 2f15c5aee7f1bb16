// How the numbers are computed: tests, lineage, definitions.

import { lineage, lineageHeight } from '../../charts/lineage.js';
import { tabled } from '../../columns.js';
import { h } from '../../element.js';
import { counted } from '../../numbers.js';
import { tableOf } from '../../table.js';
import { whole } from '../../view.js';

const LAYERS = ['raw', 'staging', 'intermediate', 'marts', 'metrics', 'dashboard'];
const modelsOf = (view) =>
  [...view.rows('models')]
    .sort((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer))
    .map(({ model_name, layer, description }) => ({ name: model_name, layer, description }));

const edgesOf = (view) => view.rows('edges').map(({ from_model, to_model }) => [from_model, to_model]);

const definitionColumns = [
  { name: 'Table', kind: 'text' },
  { name: 'Number', kind: 'text' },
  { name: 'Description', kind: 'text', long: true },
];
const definitions = (view) =>
  view.rows('definitions').map((row) => [row.table_name, row.column_name, row.description]);

export const buildingCards = [
  {
    id: 'tests',
    query: 'tests',
    width: 'half',
    title: (view) => {
      const failed = view.rows('tests').filter(({ status }) => status !== 'pass').length;
      if (!view.rows('tests').length) return 'Tests of the last build';
      return failed
        ? `${counted(failed, 'test')} of the last build did not pass`
        : 'All tests of the last build passed';
    },
    period: whole,
    measured: 'data tests, run after each build; failures count rows',
    empty: (view) => (view.rows('tests').length ? null : 'The last build recorded no tests.'),
    tableOnly: true,
    stacked: true,
    table: (view) =>
      tabled(
        [...view.rows('tests')].sort((a, b) => Number(a.status === 'pass') - Number(b.status === 'pass')),
        [
          ['Result', 'text', 'status', { mark: (row) => (row[0] === 'pass' ? 'blue' : 'orange') }],
          ['Table', 'text', 'table_name'],
          [
            'Test',
            'text',
            (row) => [row.test_name.replaceAll('_', ' '), row.description].filter(Boolean).join(': '),
            { long: true },
          ],
          ['Failures', 'count', 'failure_count', { spare: true }],
        ],
      ),
  },
  {
    id: 'lineage',
    query: 'models',
    pixels: (view) => lineageHeight(modelsOf(view)),
    title: () => 'How the numbers are computed',
    choices: (view) =>
      view.rows('models').length
        ? {
            label: 'Follow',
            values: [
              ...view.rows('models').map(({ model_name }) => ({ id: model_name, label: model_name })),
              { id: 'all', label: 'all models' },
            ],
          }
        : null,
    reading: (view) =>
      `${counted(view.rows('models').length, 'table')} and ${counted(view.rows('edges').length, 'link')}. Point at a table to see its inputs and outputs.`,
    period: whole,
    measured: 'tables and their inputs, from files (left) to this dashboard (right)',
    empty: (view) => (view.rows('models').length ? null : 'The last build recorded no lineage.'),
    minWidth: 1080,
    option: (view, palette, { width, height, choice: chosen }) =>
      lineage(palette, width, height, modelsOf(view), edgesOf(view), chosen === 'all' ? null : chosen),
    table: (view) => ({
      columns: [
        { name: 'Table', kind: 'text' },
        { name: 'Layer', kind: 'text' },
        { name: 'Reads', kind: 'text', long: true },
        { name: 'Description', kind: 'text', long: true },
      ],
      rows: modelsOf(view).map(({ name, layer, description }) => [
        name,
        layer,
        edgesOf(view)
          .filter(([, to]) => to === name)
          .map(([from]) => from)
          .join(', ') || null,
        description,
      ]),
    }),
  },
  {
    id: 'definitions',
    query: 'definitions',
    title: () => 'Definitions',
    period: whole,
    measured: 'descriptions of tables and columns',
    empty: (view) => (view.rows('definitions').length ? null : 'The last build recorded no definitions.'),
    element(view) {
      const rows = definitions(view);
      const room = h('div');
      const input = h('input', {
        type: 'search',
        class: 'search',
        placeholder: 'Search, for example churn',
        'aria-label': 'Search the definitions',
      });
      const show = () => {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        const found = rows.filter((row) => words.every((word) => row.join(' ').toLowerCase().includes(word)));
        room.replaceChildren(
          found.length
            ? tableOf('Definitions', definitionColumns, found, { stacked: true })
            : h('p', { class: 'empty' }, `No definition contains “${input.value}”.`),
        );
      };
      input.addEventListener('input', show);
      show();
      return h('div', {}, h('div', { class: 'field' }, input), room);
    },
    table: (view) => ({ columns: definitionColumns, rows: definitions(view) }),
  },
];
