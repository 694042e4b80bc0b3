// The JSON Schemas of the contract: what is read and what is written is held against them.
//
// A schema is a union whose members a property tells apart ("op" of requests, "type" of lines). Only a member
// that is met is compiled: a peer meets few of them, and compiling all would double the time that it takes to
// start.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {(line: any) => string | undefined} Check the first thing that is wrong, if anything is */

/**
 * @param {any} module ajv/dist/2020
 * @param {string} folder
 * @returns {{request: Check, line: Check}}
 */
export function readContract(module, folder) {
  const Ajv = module.default ?? module;
  const ajv = new Ajv({ strict: false, discriminator: true, validateFormats: false });
  return {
    request: checkOf(ajv, folder, 'peer-request.schema.json'),
    line: checkOf(ajv, folder, 'peer-line.schema.json'),
  };
}

/**
 * @param {any} ajv
 * @param {string} folder
 * @param {string} file
 * @returns {Check}
 */
function checkOf(ajv, folder, file) {
  const schema = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const { propertyName, mapping } = schema.discriminator;
  ajv.addSchema(withDiscriminators(schema), file);
  const references = new Map(Object.entries(mapping));
  /** @type {Map<unknown, any>} */
  const compiled = new Map();
  return (line) => {
    const tag = line?.[propertyName];
    const reference = references.get(tag);
    if (reference === undefined)
      return `$.${propertyName}: ${JSON.stringify(tag)} is not one of the contract`;
    let validate = compiled.get(tag);
    if (validate === undefined) {
      validate = ajv.compile({ $ref: `${file}${reference}` });
      compiled.set(tag, validate);
    }
    return validate(line) ? undefined : first(validate.errors);
  };
}

/**
 * Every union that says by which property its members differ, as a oneOf: ajv then looks only at the member
 * that is meant, which is faster and complains of the right thing. The members exclude each other, so that the
 * meaning is the same.
 * @param {any} schema
 * @returns {any}
 */
function withDiscriminators(schema) {
  if (Array.isArray(schema)) return schema.map(withDiscriminators);
  if (schema === null || typeof schema !== 'object') return schema;
  const { anyOf, discriminator, ...rest } = schema;
  const made = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, withDiscriminators(value)]),
  );
  if (anyOf === undefined) return made;
  const members = withDiscriminators(anyOf);
  if (discriminator === undefined) return { ...made, anyOf: members };
  const { propertyName } = discriminator;
  return {
    ...made,
    type: 'object',
    oneOf: members,
    discriminator: { propertyName },
    required: [propertyName],
  };
}

/** @param {{instancePath: string, message?: string, params: unknown}[] | null | undefined} errors */
function first(errors) {
  const [error] = errors ?? [];
  return error
    ? `$${error.instancePath.replaceAll('/', '.')}: ${error.message} ${JSON.stringify(error.params)}`
    : 'it is not of the contract';
}
