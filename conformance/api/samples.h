/* Objects that checks make for themselves: samples.def. */
#ifndef API_SAMPLES_H
#define API_SAMPLES_H

int sample_count(void);
const char *sample_name(int nr);
/* Of its destructor, counted from the end. */
const char *sample_name_from_end(int from_end);
/* The sample of that class, made and not yet destroyed; NULL: there is none. */
const char *sample_of(const char *class);
/* Destroys what is still there, for a run that ends early. */
void samples_end(void);

#endif
