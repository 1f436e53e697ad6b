import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { integer } from '../../../shared/schema/fields.ts';
import { defineArchitecture, type ArchitectureDefinition } from '../architecture.ts';
import { batchNorm, conv, globalAveragePool, linear, sequential, type Module, type Shape } from '../modules.ts';

/** The side below which the last of three halvings would leave nothing. */
const smallestSide = 8;

/** Names of the four stages, after which detectors look by default. */
const stages = ['layer1', 'layer2', 'layer3', 'layer4'];

export const preactresnet18 = preactresnet(18, [2, 2, 2, 2], basicBranch, 1);
export const preactresnet34 = preactresnet(34, [3, 4, 6, 3], basicBranch, 1);
export const preactresnet50 = preactresnet(50, [3, 4, 6, 3], bottleneckBranch, 4);

/** Normalisations and convolutions of a block's branch, in turn, each pair after the other with ReLU between. */
type Branch = (width: number, stride: number) => [norm: string, conv: string, convolution: Module][];

function basicBranch(width: number, stride: number): ReturnType<Branch> {
  return [
    ['bn1', 'conv1', conv(width, 3, { stride, bias: false })],
    ['bn2', 'conv2', conv(width, 3, { bias: false })],
  ];
}

function bottleneckBranch(width: number, stride: number): ReturnType<Branch> {
  return [
    ['bn1', 'conv1', conv(width, 1, { bias: false })],
    ['bn2', 'conv2', conv(width, 3, { stride, bias: false })],
    ['bn3', 'conv3', conv(4 * width, 1, { bias: false })],
  ];
}

/** Names and layout of weights are those of the PyTorch implementation that BackdoorBench uses. */
function preactresnet(
  depth: number,
  blocks: readonly number[],
  branch: Branch,
  expansion: number,
): ArchitectureDefinition {
  return defineArchitecture({
    id: `preactresnet${depth}`,
    title: `PreActResNet-${depth}`,
    summary: `Residual network of ${depth} layers for small colour images, normalisation before convolution`,
    source: 'He, Zhang, Ren, Sun: Identity mappings in deep residual networks, ECCV 2016, arXiv 1603.05027',
    params: z.object({
      width: integer({
        label: 'Width',
        help: 'Channels of the first stage; each of the next three has twice as many as the one before',
        unit: 'channels',
        default: 64,
        min: 1,
        max: 1024,
      }),
    }),
    defaultActivations: () => [...stages, 'linear'].map((name) => `${name}.output`),
    build: ({ width }, { inputShape, classes }) => {
      if (inputShape.length !== 3 || Math.min(inputShape[0]!, inputShape[1]!) < smallestSide) {
        throw new CupbearerError(
          'usage',
          `A preactresnet${depth} needs images of at least ${smallestSide} x ${smallestSide} pixels; the data has shape ${inputShape.join(' x ')}.`,
        );
      }
      const modules: Record<string, Module> = { conv1: conv(width, 3, { bias: false }) };
      blocks.forEach((count, stage) => {
        const stageWidth = width * 2 ** stage;
        modules[stages[stage]!] = sequential(
          Object.fromEntries(
            Array.from({ length: count }, (_, k) => [
              String(k),
              block(
                branch(stageWidth, k === 0 && stage > 0 ? 2 : 1),
                expansion * stageWidth,
                k === 0 && stage > 0 ? 2 : 1,
              ),
            ]),
          ),
        );
      });
      return sequential({ ...modules, avgpool: globalAveragePool(), linear: linear(classes) });
    },
  });
}

/**
 * `branch(x) + x`, where the branch begins with normalisation and ReLU; where size or channels change, a 1 x 1
 * convolution of the branch's first activation takes the place of x.
 */
function block(steps: ReturnType<Branch>, channels: number, stride: number): Module {
  const isProjected = (input: Shape) => stride !== 1 || input[2] !== channels;
  const projection = sequential({ '0': conv(channels, 1, { stride, bias: false }) });
  const shapesOf = (input: Shape) => {
    let shape = input;
    return steps.map(([, , convolution]) => {
      const before = shape;
      shape = convolution.outputShape(shape);
      return { before, after: shape };
    });
  };
  return {
    kind: 'container',
    outputShape: (input) => shapesOf(input).at(-1).after,
    parameters: () => [],
    children: (input) => [
      ...steps.flatMap(([norm, name, convolution], k) => {
        const { before } = shapesOf(input)[k]!;
        return [
          { name: norm, module: batchNorm(), input: before },
          { name, module: convolution, input: before },
        ];
      }),
      ...(isProjected(input) ? [{ name: 'shortcut', module: projection, input }] : []),
    ],
    forward: (x, call) => {
      let value = x;
      let first: tf.Tensor = x;
      steps.forEach(([norm, name, convolution], k) => {
        const active = tf.relu(call.child(norm, batchNorm(), value));
        if (k === 0) first = active;
        value = call.child(name, convolution, active);
      });
      const carried = isProjected(x.shape.slice(1)) ? call.child('shortcut', projection, first) : x;
      return tf.add(value, carried);
    },
  };
}
