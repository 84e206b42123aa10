import {reload, useResource} from '../data.js';
import {Loaded, toast} from '../parts/parts.js';
import {call} from '../session.js';
import {html, useEffect, useState} from '../vendor/preact.js';
import {faultWords} from '../words.js';

export function Hours() {
  return null;
}
