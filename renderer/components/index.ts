/**
 * The components, in the states of the design notes (rest, hover, focus, active or selected, disabled, error, loading,
 * empty). Looks are classes of styles/controls.css, layouts.css (`plain-table`, `panes`, `detail`) and overlays.css,
 * which markup of one's own may use too (`btn`, `field-box`, `tag`, `menu-item`); raw colours, sizes and durations are
 * in styles/tokens.css only. A static `style="…"` attribute does not pass the content security policy: write
 * `style:width={…}`.
 *
 * - Actions: Button, IconButton, Menu (entries as data). A disabled Button says why (`disabledReason`).
 * - Fields: TextField, NumberField, RangeField, Select, Combobox, Switch, Segments, RadioList; Field is label, help and error
 *   for a control of one's own. Each has `value` (bindable) and `onvalue`; numbers keep what was typed.
 * - Places: Tabs, Panel (alone or in a Sheet), Dialog, Popover, Tooltip, Empty, PathLine, SkeletonBlock, Toasts
 * (app/toasts.svelte.ts).
 * - Figures: LeadSentence, LayersTable, SpecLines, KeyFigure, IntervalBar, Progress, StatusMark, RelativeTime, Term (a
 * word of shared/glossary.ts, explained), FaultNote.
 *
 * Triggers of Menu, Popover and Tooltip are snippets that spread what they are given: `{#snippet trigger(props)}`.
 */
export { default as Button } from './Button.svelte';
export { default as Chip } from './Chip.svelte';
export { default as Dialog } from './Dialog.svelte';
export { default as Empty } from './Empty.svelte';
export { default as FaultNote } from './FaultNote.svelte';
export { default as Grid } from './Grid.svelte';
export { default as IconButton } from './IconButton.svelte';
export { default as IntervalBar } from './IntervalBar.svelte';
export { default as KeyFigure } from './KeyFigure.svelte';
export { default as LayersTable } from './LayersTable.svelte';
export { default as LeadSentence } from './LeadSentence.svelte';
export { default as Menu } from './Menu.svelte';
export { default as NumberField } from './NumberField.svelte';
export { default as Panel } from './Panel.svelte';
export { default as PathLine } from './PathLine.svelte';
export { default as Progress } from './Progress.svelte';
export { default as RelativeTime } from './RelativeTime.svelte';
export { default as SampleImage } from './SampleImage.svelte';
export { default as RadioList } from './RadioList.svelte';
export { default as Segments } from './Segments.svelte';
export { default as Select } from './Select.svelte';
export { default as Sheet } from './Sheet.svelte';
export { default as SkeletonBlock } from './SkeletonBlock.svelte';
export { default as SpecLines } from './SpecLines.svelte';
export { default as StatusMark } from './StatusMark.svelte';
export { default as Switch } from './Switch.svelte';
export { default as Tabs } from './Tabs.svelte';
export { default as Tag } from './Tag.svelte';
export { default as Term } from './Term.svelte';
export { default as TextField } from './TextField.svelte';
export type { GridRow, GridSort } from './grid-column.ts';
export type { MenuEntry } from './menu-entry.ts';
