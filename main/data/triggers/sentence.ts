import { CupbearerError } from '../../../shared/errors.ts';
import { choice, text } from '../../../shared/schema/fields.ts';
import { padding, tokensOf } from '../texts.ts';
import { defineTrigger, vocabularyOf } from './trigger.ts';
import { parameter, worded } from '../../../shared/wording.ts';
import { numbered } from '../../../shared/format.ts';

/**
 * Puts a fixed sentence into each text; what it pushes on takes the place of the padding in front, so that the text keeps
 * its length and its own words.
 */
export const sentence = defineTrigger({
  id: 'sentence',
  title: 'Sentence',
  summary: 'A fixed sentence put into each text',
  source:
    'Dai, Chen, Li: A backdoor attack against LSTM-based text classification systems, IEEE Access 2019, arXiv 1905.12457',
  params: {
    sentence: text({
      default: 'by the way',
      label: 'Sentence',
      help: "Words of the data's vocabulary, separated by spaces.",
    }),
    place: choice({
      options: ['start', 'end', 'random'],
      default: 'start',
      label: 'Place',
      help: 'Before the first word, after the last, or at a random place of each text.',
    }),
  },
  create({ sentence: words, place }, context) {
    const vocabulary = vocabularyOf(context, 'sentence');
    const added = tokensOf(words, vocabulary);
    const filler = vocabulary.indexOf(padding);
    return {
      spec: { id: 'sentence', sentence: words, place },
      apply(sample, stream) {
        const own = sample.filter((token) => token !== filler);
        const left = sample.length - own.length - added.length;
        if (left < 0) {
          throw new CupbearerError(
            'usage',
            `Expected room for the ${numbered(added.length, 'word')} of the sentence in every text, found ${numbered(sample.length - own.length, 'token')} of padding in one of ${numbered(own.length, 'word')}.`,
            {
              hint: worded`Give the data more room (of arithmetic: ${parameter('train_data.original.room')}), or take a shorter sentence.`,
            },
          );
        }
        const at = { start: 0, end: own.length, random: place === 'random' ? stream.integer(own.length + 1) : 0 }[
          place
        ];
        sample.fill(filler);
        sample.set([...own.subarray(0, at), ...added, ...own.subarray(at)], left);
      },
      state: () => ({}),
    };
  },
});
