import { z } from 'zod';

/** What a file of recorded activations is used as: by the parameter of the task that names it, or `none` so far. */
export const fileRoles = [
  'trusted',
  'untrusted',
  'test',
  'test_labels',
  'untrusted_labels',
  'trusted_metadata',
  'test_metadata',
  'none',
] as const;
export type FileRole = (typeof fileRoles)[number];

/** Most files that are looked at beside those of a draft. */
export const mostSpareFiles = 200;

/** A folder or file that a page may name. */
const entrySchema = z.object({
  name: z.string(),
  path: z.string(),
  isFolder: z.boolean(),
  bytes: z.number().nullable(),
  /** ISO 8601. */
  modified: z.string().nullable(),
});
export type FolderEntry = z.infer<typeof entrySchema>;

/** What lies in a folder, without what is hidden; folders first. */
export const folderListingSchema = z.object({
  folder: z.string(),
  /** The folder around it; null where pages may not go further up. */
  parent: z.string().nullable(),
  entries: z.array(entrySchema),
  /** Entries that were left out, since there are too many. */
  more: z.int(),
});
export type FolderListing = z.infer<typeof folderListingSchema>;

/** A file of a draft, or one beside it, and what it says of itself. */
const foundFileSchema = z.object({
  /** As the draft has it: a path, perhaps as `layer=path`. */
  item: z.string(),
  path: z.string(),
  role: z.enum(fileRoles),
  /** Activations, a table of labels or metadata; `other` where it cannot be read, with the reason in `fault`. */
  kind: z.enum(['activations', 'table', 'other']),
  /** "120 samples, 2 layers". */
  holds: z.string(),
  /** "safetensors". */
  form: z.string(),
  bytes: z.number().nullable(),
  fault: z.string().nullable(),
  /** What it seems to be meant for. */
  suggested: z.enum(fileRoles),
});
export type FoundFile = z.infer<typeof foundFileSchema>;

const setNames = ['trusted', 'untrusted', 'test'] as const;
export type SetName = (typeof setNames)[number];

/** What one set has of a layer. */
const foundLayerSchema = z.object({
  name: z.string(),
  /** Of one sample; of ragged sequences that of the longest. */
  shape: z.array(z.number()),
  isRagged: z.boolean(),
  type: z.string(),
  bytes: z.number(),
});

/** A set of activations, by what its files say of themselves. */
const foundSetSchema = z.object({
  set: z.enum(setNames),
  samples: z.int(),
  /** Tokens of all samples, where they differ in how many they have. */
  tokens: z.number().nullable(),
  layers: z.array(foundLayerSchema),
  /** Columns of its metadata; null where it has none. */
  columns: z.array(z.string()).nullable(),
  /** What lies with it and is not read. */
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
});

/** A field in which another set was made otherwise than the trusted one. */
const contractDifferenceSchema = z.object({
  set: z.enum(setNames),
  /** "Prompt template". */
  label: z.string(),
  /** "prompt_template". */
  field: z.string(),
  values: z.tuple([z.string(), z.string()]),
});

/** The reference rows of a set: some of its inputs with their values, to be computed again. */
const foundReferenceSchema = z.object({
  set: z.enum(setNames),
  rows: z.int(),
  /** The command that computes them again; null where the contract names no model that it could name. */
  command: z.string().nullable(),
  /** What the last such check found; null if there was none. */
  layers: z
    .array(
      z.object({
        name: z.string(),
        /** The largest difference, and what rounding explains; null if not finite. */
        largest: z.number().nullable(),
        limit: z.number().nullable(),
        agrees: z.boolean(),
      }),
    )
    .nullable(),
});
export type FoundReference = z.infer<typeof foundReferenceSchema>;

/** How the trusted set was made, and where other sets differ in that. */
const foundContractSchema = z.object({
  fields: z.array(z.object({ label: z.string(), value: z.string(), isCode: z.boolean() })),
  differences: z.array(contractDifferenceSchema),
  /** Sets that say nothing of how they were made. */
  silent: z.array(z.enum(setNames)),
  references: z.array(foundReferenceSchema),
});
export type FoundContract = z.infer<typeof foundContractSchema>;

/** A test sample in words. */
const recordedSampleSchema = z.object({
  index: z.int(),
  text: z.string(),
  /** 0 normal, 1 anomalous; null where no labels can be read. */
  label: z.int().nullable(),
  /** Where it is from, by its metadata. */
  group: z.string().nullable(),
  tokens: z.number().nullable(),
});

/** All that the files of a draft say of themselves. */
export const recordedLookSchema = z.object({
  files: z.array(foundFileSchema),
  sets: z.array(foundSetSchema),
  /** Layers that all sets have alike. */
  common: z.array(z.string()),
  /** null while no trusted set can be read. */
  contract: foundContractSchema.nullable(),
  samples: z.array(recordedSampleSchema),
});
export type RecordedLook = z.infer<typeof recordedLookSchema>;

/** What the numbers of a set are like, by one pass over them. */
const countedSetSchema = z.object({
  set: z.enum(setNames),
  /** Samples that are not finite in some layer. */
  notFinite: z.int(),
  /** Samples that equal an earlier one in all layers. */
  repeated: z.int(),
  layers: z.array(
    z.object({
      name: z.string(),
      /** Samples with a NaN, and with an infinite number and no NaN. */
      nan: z.int(),
      infinite: z.int(),
      firstNotFinite: z.int().nullable(),
      constantColumns: z.int(),
      columns: z.int(),
    }),
  ),
});

/** How far the count of a draft's numbers is, and at last what was counted. */
export const recordedCountSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), phase: z.string(), share: z.number() }),
  z.object({
    type: z.literal('done'),
    sets: z.array(countedSetSchema),
    /** Test samples that are in the trusted set, too; null where the sets have other layers. */
    inBoth: z.int().nullable(),
  }),
]);
export type RecordedCountState = z.infer<typeof recordedCountSchema>;
export type CountedNumbers = Omit<Extract<RecordedCountState, { type: 'done' }>, 'type'>;
