"""WAV files as calls have them: 8 kHz, mono, 16 bit outside, G.711 mu-law inside."""

import wave

from ._core import mulaw_decode, mulaw_encode


def read_wav(path):
    """The samples of a WAV file as mu-law octets. ValueError unless it is 8 kHz, mono, 16 bit."""
    with wave.open(str(path), "rb") as sound:
        form = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth())
        if form != (8000, 1, 2):
            raise ValueError(f"{path}: {form[0]} Hz, {form[1]} channels, {8 * form[2]} bit; 8000 Hz, 1, 16 bit wanted")
        return mulaw_encode(sound.readframes(sound.getnframes()))


def write_wav(path, codes):
    """Writes mu-law octets as a WAV file of 8 kHz, mono, 16 bit."""
    with wave.open(str(path), "wb") as sound:
        sound.setframerate(8000)
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.writeframes(mulaw_decode(codes))
