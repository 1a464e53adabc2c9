//! When the desk is open.
