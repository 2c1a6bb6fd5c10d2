/*
 * The name of this release, as banner and reports print it.
 */
#ifndef HV_VERSION_H
#define HV_VERSION_H

#define HV_VERSION "0.1"

#endif
