// The pages, their styles and scripts, and the description of the API, within the program. Arrays of so many
// bytes take Swift's compiler a minute, and the C compiler no time.
#ifndef SLIPWAY_CPAGES_H
#define SLIPWAY_CPAGES_H

struct cpages_file {
    const char *name;
    const unsigned char *bytes;
    long length;
};

// The file of that number, from 0; the one after the last has no name.
struct cpages_file cpages_file(int number);

#endif
